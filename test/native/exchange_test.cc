#include "core/exchange.h"

#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>

#include "encoded_heads.h"
#include "fake_backend.h"
#include "made_source.h"
#include "net_backend.h"
#include "world.h"

// Models that take over from one another while frames of eight sources flow.

namespace jetfleet {
namespace {

using encoded::Thing;
using std::chrono::milliseconds;

constexpr std::size_t kSources = 8;
/// Of a source's pictures.
constexpr double kPicture = 8;

PipelineOptions EightOf(bool live, milliseconds interval) {
  PipelineOptions options;
  for (std::size_t i = 0; i < kSources; ++i) {
    options.sources.push_back(Made("source" + std::to_string(i), live, interval));
  }
  options.stats_interval = milliseconds(20);
  options.batch = milliseconds(2);
  return options;
}

/// What one model finds in every picture.
struct Known {
  std::shared_ptr<ModelProgram> model;
  Box box;
  float score = 0;
  int label = 0;
};

/// Of each family one after the other, with a thing of its own; every other one takes pictures of
/// another size.
std::vector<Known> AllFamilies() {
  std::vector<Known> all;
  for (const encoded::Family& family : encoded::Families()) {
    const int number = static_cast<int>(all.size());
    const Thing thing{40.0 + number,         60, 80.0 + number, 50, 0.5 + 0.005 * number,
                      number % family.labels};
    DecoderOptions decoder;
    decoder.name = family.decoder;
    decoder.labels = static_cast<std::size_t>(family.labels);
    ModelTag tag{std::string(family.decoder) + " " + family.form, {}};
    for (int i = 0; i < family.labels; ++i) tag.labels.push_back("label" + std::to_string(i));
    const double scale = kPicture / encoded::kSide;
    const Box box{static_cast<float>(thing.left * scale), static_cast<float>(thing.top * scale),
                  static_cast<float>(thing.width * scale),
                  static_cast<float>(thing.height * scale)};
    all.push_back({NetModel(family.encode({thing}), decoder, tag), box,
                   static_cast<float>(thing.score), thing.label});
    const ModelTag small{"small " + std::to_string(number), {"object"}};
    all.push_back({FakeModel({}, -1, small), {0, 0, 4, 4}, 0.81F, 0});
  }
  return all;
}

ModelLoader LoaderOf(std::shared_ptr<ModelProgram> model) {
  return [model = std::move(model)](std::int64_t, std::shared_ptr<ModelProgram>* loaded,
                                    ModelProgram::LoadTimes*) {
    *loaded = model;
    return Status::Ok();
  };
}

/// Looks at each answer as it comes: every frame once and in order, by one model, with what that
/// one finds, and no source goes back to a former one.
class Answers final : public PipelineListener {
 public:
  explicit Answers(const std::vector<Known>& known) : known_(known) {
    for (std::size_t i = 0; i < known.size(); ++i) order_[known[i].model->tag()] = i;
  }

  void OnFrames(std::vector<FrameResult> frames) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const FrameResult& frame : frames) Check(frame);
    changed_.notify_all();
  }
  void OnStats(PipelineReport report) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    dropped_ = report.dropped_total;
    ++reports_;
    changed_.notify_all();
  }
  void OnSource(const std::string&, SourceState, const Status&) override {}
  void OnFailed(const Status& status) override { ADD_FAILURE() << status.message; }

  /// Until each source has so many frames by that model.
  bool WaitForEach(std::size_t number, std::uint64_t frames) {
    return Wait([&] {
      for (const Place& place : places_) {
        if (place.model != number || place.frames < frames) return false;
      }
      return true;
    });
  }
  /// Until figures have come that were taken from now on.
  bool WaitForFigures() {
    const std::size_t before = reports();
    return Wait([&] { return reports_ > before + 1; });
  }
  std::size_t reports() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return reports_;
  }
  std::uint64_t missing() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return missing_;
  }
  std::uint64_t dropped() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return dropped_;
  }

 private:
  struct Place {
    std::uint64_t next = 0;
    std::size_t model = 0;
    /// By that model.
    std::uint64_t frames = 0;
  };

  void Check(const FrameResult& frame) {
    Place& place = places_[frame.id.source];
    EXPECT_GE(frame.id.index, place.next) << "once and in order";
    missing_ += frame.id.index - place.next;
    place.next = frame.id.index + 1;
    const std::size_t number = order_.at(frame.model);
    EXPECT_GE(number, place.model) << "no way back";
    place.frames = number == place.model ? place.frames + 1 : 1;
    place.model = number;
    const Known& wanted = known_[number];
    const bool one = frame.detections.size() == 1;
    EXPECT_TRUE(one) << frame.model->id << " found " << frame.detections.size();
    if (!one) return;
    const Detection& found = frame.detections[0];
    EXPECT_NEAR(found.score, wanted.score, 3e-3) << frame.model->id;
    EXPECT_EQ(found.label, wanted.label) << frame.model->id;
    EXPECT_NEAR(found.box.left, wanted.box.left, 0.01) << frame.model->id;
    EXPECT_NEAR(found.box.width, wanted.box.width, 0.01) << frame.model->id;
  }

  template <typename Condition>
  bool Wait(Condition condition) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }

  const std::vector<Known>& known_;
  std::map<std::shared_ptr<const ModelTag>, std::size_t> order_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Place, kSources> places_{};
  std::uint64_t missing_ = 0;
  std::uint64_t dropped_ = 0;
  std::size_t reports_ = 0;
};

/// Has each of them take over from the one before, when each source has some frames by that one.
void ExchangeAll(const std::vector<Known>& known, std::uint64_t frames, Pipeline* pipeline,
                 Answers* answers) {
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i > 0) {
      Exchange exchange{LoaderOf(known[i].model), {}, {}};
      const Status status = ExchangeBeside(pipeline, &exchange);
      ASSERT_TRUE(status.ok()) << status.message;
      ASSERT_TRUE(exchange.change.has_value());
      EXPECT_EQ(exchange.change->to, known[i].model->tag());
    }
    ASSERT_TRUE(answers->WaitForEach(i, frames)) << known[i].model->tag()->id;
  }
}

TEST(Exchange, OfEveryFamilyOverEightFilesLosesNoFrame) {
  const std::vector<Known> known = AllFamilies();
  Answers answers(known);
  Pipeline pipeline(EightOf(false, {}), known[0].model, &answers);
  pipeline.Start();
  ExchangeAll(known, 3, &pipeline, &answers);
  pipeline.Stop();
  EXPECT_EQ(answers.missing(), 0U);
}

TEST(Exchange, OfEveryFamilyOverEightCamerasCountsWhatItDrops) {
  const std::vector<Known> known = AllFamilies();
  Answers answers(known);
  Pipeline pipeline(EightOf(true, milliseconds(40)), known[0].model, &answers);
  pipeline.Start();
  ExchangeAll(known, 2, &pipeline, &answers);
  ASSERT_TRUE(answers.WaitForFigures());
  const std::uint64_t missing = answers.missing();
  pipeline.Stop();
  EXPECT_LE(missing, answers.dropped()) << "every loss is counted";
  RecordProperty("dropped", std::to_string(answers.dropped()));
}

/// Two models on a board that holds one.
class ExchangeInTurnTest : public testing::TestWithParam<bool> {
 protected:
  ModelLoader Loader(const std::string& id, bool good = true) {
    return [this, id, good](std::int64_t, std::shared_ptr<ModelProgram>* model,
                            ModelProgram::LoadTimes*) {
      const auto device = std::make_shared<FakeDevice>();
      device->room = room_;
      if (good) return LoadFakeModel(device, {id, {"object"}}, {}, model);
      return Status::Error(ErrorCode::kModelInvalid, "a bad one");
    };
  }

  /// What each of them finds does not differ: models are told apart by their names.
  std::vector<std::string> IdsOf(const Recorder::Seen& seen) const {
    std::vector<std::string> ids;
    for (const FrameResult& frame : seen.frames) {
      if (ids.empty() || ids.back() != frame.model->id) ids.push_back(frame.model->id);
    }
    return ids;
  }

  std::shared_ptr<std::atomic<int>> room_ = std::make_shared<std::atomic<int>>(1);
};

TEST_P(ExchangeInTurnTest, HasRoomWhereThereIsNoneBeside) {
  const bool live = GetParam();
  std::shared_ptr<ModelProgram> first;
  ASSERT_TRUE(Loader("first")(1, &first, nullptr).ok());
  Recorder recorder;
  PipelineOptions options;
  options.sources = {Made("door", live)};
  Pipeline pipeline(options, std::move(first), &recorder);
  pipeline.Start();
  const auto by = [](const char* id) {
    return [id](const Recorder::Seen& seen) {
      return !seen.frames.empty() && seen.frames.back().model->id == id;
    };
  };
  ASSERT_TRUE(recorder.WaitFor(by("first")));
  Exchange exchange{Loader("second"), {}, {}};
  const Status beside = ExchangeBeside(&pipeline, &exchange);
  EXPECT_EQ(beside.code, ErrorCode::kModelMemory) << beside.message;
  const Status in_turn = ExchangeInTurn(&pipeline, Loader("first"), &exchange);
  ASSERT_TRUE(in_turn.ok()) << in_turn.message;
  ASSERT_TRUE(exchange.change.has_value());
  EXPECT_EQ(exchange.change->to->id, "second");
  EXPECT_EQ(*room_, 0) << "the former one is gone";
  ASSERT_TRUE(recorder.WaitFor(by("second")));

  Exchange bad{Loader("third", false), {}, {}};
  const Status refused = ExchangeInTurn(&pipeline, Loader("second again"), &bad);
  EXPECT_EQ(refused.code, ErrorCode::kModelInvalid);
  ASSERT_TRUE(recorder.WaitFor(by("second again"))) << "the former one goes on";
  EXPECT_TRUE(recorder.Copy().failed.empty());

  const Status lost = ExchangeInTurn(&pipeline, Loader("second", false), &bad);
  EXPECT_EQ(lost.code, ErrorCode::kModelInvalid);
  ASSERT_TRUE(recorder.WaitFor([](const Recorder::Seen& seen) { return !seen.failed.empty(); }));
  pipeline.Stop();
  const Recorder::Seen seen = recorder.Copy();
  EXPECT_EQ(seen.failed[0].message,
            "a bad one while loading the former model again, after: a bad one");
  EXPECT_EQ(IdsOf(seen), (std::vector<std::string>{"first", "second", "second again"}));
  for (std::size_t i = 0; i < seen.frames.size() && !live; ++i) {
    ASSERT_EQ(seen.frames[i].id.index, i) << "files wait";
  }
}

TEST_P(ExchangeInTurnTest, IsCancelledByAStop) {
  std::shared_ptr<ModelProgram> first;
  ASSERT_TRUE(Loader("first")(1, &first, nullptr).ok());
  Recorder recorder;
  PipelineOptions options;
  options.sources = {Made("door", GetParam())};
  Pipeline pipeline(options, std::move(first), &recorder);
  pipeline.Start();
  std::atomic<bool> loading{false};
  Exchange exchange{[&](std::int64_t, std::shared_ptr<ModelProgram>*, ModelProgram::LoadTimes*) {
                      loading = true;
                      pipeline.Stop();
                      return Status::Error(ErrorCode::kModelInvalid, "a bad one");
                    },
                    {},
                    {}};
  EXPECT_EQ(ExchangeInTurn(&pipeline, Loader("first"), &exchange).code, ErrorCode::kModelInvalid);
  EXPECT_TRUE(loading);
  EXPECT_EQ(pipeline.ReleaseModel().code, ErrorCode::kOk) << "there is none any more";
  EXPECT_TRUE(recorder.Copy().failed.empty());
}

INSTANTIATE_TEST_SUITE_P(Sources, ExchangeInTurnTest, testing::Bool(),
                         [](const auto& live) { return live.param ? "Live" : "Files"; });

}  // namespace
}  // namespace jetfleet
