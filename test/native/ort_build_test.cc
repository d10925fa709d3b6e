#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/infer/backend_loader.h"
#include "core/infer/model_program.h"
#include "world.h"

namespace jetfleet {
namespace {

constexpr char kModel[] = JETFLEET_TEST_DIR "/../models/street-v2-b1.onnx";

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

class OrtBuild : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status status = OpenBackend(JETFLEET_BACKEND, JETFLEET_ORT, &backend_);
    ASSERT_TRUE(status.ok()) << status.message;
    ASSERT_TRUE(backend_->capabilities().builds);
  }

  static BuildOptions Options(const std::string& model, const std::string& engine,
                              const std::string& precision = "") {
    BuildOptions options;
    options.model_path = model;
    options.engine_path = engine;
    options.precision = precision;
    options.threads = 1;
    return options;
  }

  Status Build(const BuildEvents& events, const std::string& model = kModel,
               const std::string& precision = "") {
    return backend_->Build(Options(model, engine_.path(), precision), events);
  }

  std::vector<Detection> Detect(const std::string& path) {
    ModelOptions options;
    options.id = "street";
    options.labels = {"person", "vehicle", "bicycle"};
    options.detector.model_path = path;
    options.detector.backend_path = JETFLEET_BACKEND;
    options.detector.runtime_path = JETFLEET_ORT;
    options.detector.decoder.labels = options.labels.size();
    options.min_score = 0.001F;
    std::shared_ptr<ModelProgram> model;
    Status status = ModelProgram::Load(options, &model);
    // Stripes and blocks: something of many sizes.
    const Size size{320, 192};
    std::vector<std::uint8_t> rgb;
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        rgb.push_back(static_cast<std::uint8_t>((x / 16 + y / 24) % 2 * 200));
        rgb.push_back(static_cast<std::uint8_t>(x % 256));
        rgb.push_back(static_cast<std::uint8_t>(y));
      }
    }
    std::vector<Detection> found;
    if (status.ok()) status = model->DetectRgb(rgb.data(), size, &found);
    EXPECT_TRUE(status.ok()) << status.message;
    return found;
  }

  void ExpectNothingLeft() {
    EXPECT_FALSE(Exists(engine_.path()));
    EXPECT_FALSE(Exists(engine_.path() + ".part"));
  }

  const TempFile engine_{".engine.onnx"};
  Backend* backend_ = nullptr;
};

TEST_F(OrtBuild, MakesAGraphThatSeesTheSameAndSaysHowFarItIs) {
  std::vector<double> shares;
  BuildEvents events;
  events.progress = [&](double share, const std::string&) { shares.push_back(share); };
  const Status status = Build(events);
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
  EXPECT_EQ(shares.back(), 1);
  EXPECT_FALSE(Exists(engine_.path() + ".part"));
  const std::vector<Detection> of_model = Detect(kModel);
  const std::vector<Detection> of_engine = Detect(engine_.path());
  ASSERT_FALSE(of_model.empty());
  ASSERT_EQ(of_engine.size(), of_model.size());
  for (std::size_t i = 0; i < of_model.size(); ++i) {
    EXPECT_EQ(of_engine[i].label, of_model[i].label);
    EXPECT_NEAR(of_engine[i].score, of_model[i].score, 1e-4);
    EXPECT_GT(Iou(of_engine[i].box, of_model[i].box), 0.999F);
  }
}

TEST_F(OrtBuild, LeavesNothingBehindWhenItIsCancelledAtAnyStep) {
  for (int step = 0; step < 2; ++step) {
    int asked = 0;
    BuildEvents events;
    events.cancelled = [&] { return asked++ == step; };
    const Status status = Build(events);
    EXPECT_EQ(status.code, ErrorCode::kCancelled) << status.message;
    EXPECT_EQ(asked, step + 1);
    ExpectNothingLeft();
  }
}

TEST_F(OrtBuild, RefusesWhatItCannotDo) {
  const Status precision = Build({}, kModel, "int8");
  EXPECT_FALSE(precision.ok());
  EXPECT_NE(precision.message.find("int8"), std::string::npos) << precision.message;
  ExpectNothingLeft();
  const Status no_model = Build({}, "/nonexistent/model.onnx");
  EXPECT_EQ(no_model.code, ErrorCode::kModelInvalid) << no_model.message;
  ExpectNothingLeft();
  const Status nowhere = backend_->Build(Options(kModel, "/nonexistent/x.engine"), {});
  EXPECT_FALSE(nowhere.ok());
  // The engine's place is taken by a folder.
  ASSERT_EQ(mkdir(engine_.path().c_str(), 0700), 0);
  const Status taken = Build({});
  EXPECT_EQ(taken.code, ErrorCode::kInternal) << taken.message;
  EXPECT_FALSE(Exists(engine_.path() + ".part"));
  rmdir(engine_.path().c_str());
}

}  // namespace
}  // namespace jetfleet
