#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "core/infer/backend_loader.h"

// TensorRT-RTX builds engines on a machine without a GPU. The libraries come from a package
// registry (native/backends/tensorrt/fetch.mjs); without them `make test` leaves these out and
// says so.
namespace jetfleet {
namespace {

const char* Env(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? "" : value;
}

class TensorRtRtx : public testing::Test {
 protected:
  void SetUp() override {
    if (Env("JETFLEET_TENSORRT_RTX")[0] == '\0') GTEST_SKIP() << "there is no TensorRT-RTX here";
  }
  static void SetUpTestSuite() {
    if (Env("JETFLEET_TENSORRT_RTX")[0] == '\0') return;
    char folder[] = "/tmp/jetfleet-rtx-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    const Status status =
        OpenBackend(Env("JETFLEET_TENSORRT_RTX_BACKEND"), Env("JETFLEET_TENSORRT_RTX"), &backend_);
    ASSERT_TRUE(status.ok()) << status.message;
  }
  static void TearDownTestSuite() {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  static BuildOptions Street() {
    BuildOptions options;
    options.model_path = std::string(JETFLEET_TEST_DIR) + "/../models/street-v2-b1.onnx";
    options.engine_path = folder_ + "/street.engine";
    options.compute_capability = 75;
    options.engine_key = "model street\ncapability 7.5\n";
    options.mac_key = {1, 2, 3, 4};
    return options;
  }

  static std::string folder_;
  static Backend* backend_;
};

std::string TensorRtRtx::folder_;
Backend* TensorRtRtx::backend_ = nullptr;

TEST_F(TensorRtRtx, BuildsOurModelForTwoGpus) {
  EXPECT_EQ(backend_->capabilities().name, "tensorrt-rtx");
  for (const std::uint32_t capability : {75U, 86U}) {
    BuildOptions options = Street();
    options.compute_capability = capability;
    double last = 0;
    int told = 0;
    BuildEvents events;
    events.progress = [&](double share, const std::string& step) {
      EXPECT_GE(share, last);
      last = share;
      if (Env("VERBOSE")[0] != 0) std::printf("%f %s\n", share, step.c_str());
      ++told;
    };
    const Status status = backend_->Build(options, events);
    ASSERT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(last, 1);
    EXPECT_GT(told, 20);
  }
}

}  // namespace
}  // namespace jetfleet
