#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "core/pipeline.h"
#include "made_source.h"
#include "world.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

SourceOptions& Source(PipelineOptions& options) { return options.sources[0].options; }
using Change = std::optional<ModelChange>;

PipelineOptions LoopOptions(const std::string& path) {
  PipelineOptions options;
  options.sources.resize(1);
  options.sources[0].name = "door";
  Source(options).uri = "file://" + path;
  Source(options).loop = true;
  options.stats_interval = milliseconds(50);
  options.batch = milliseconds(20);
  return options;
}

auto FramesBy(const std::string& id, std::size_t count) {
  return [id, count](const Seen& seen) {
    std::size_t found = 0;
    for (const FrameResult& frame : seen.frames) found += frame.model->id == id ? 1 : 0;
    return found >= count;
  };
}

class Swap : public ::testing::Test {
 protected:
  void SetUp() override { MakeVideo(video_.path(), 25, false); }

  std::unique_ptr<Pipeline> Start(std::shared_ptr<ModelProgram> model) {
    auto pipeline =
        std::make_unique<Pipeline>(LoopOptions(video_.path()), std::move(model), &recorder_);
    pipeline->Start();
    return pipeline;
  }

  const TempFile video_{".mp4"};
  Recorder recorder_;
};

TEST_F(Swap, HappensBetweenTwoFramesWithoutLosingAny) {
  const auto pipeline = Start(FakeModel(milliseconds(3), -1, {"one", {"object"}}));
  for (const char* id : {"two", "three", "four"}) {
    const std::size_t before = recorder_.Copy().frames.size();
    ASSERT_TRUE(
        recorder_.WaitFor([before](const Seen& seen) { return seen.frames.size() > before + 10; }));
    Change change;
    ASSERT_TRUE(pipeline->SwapModel(FakeModel({}, -1, {id, {"object"}}), &change).ok());
    ASSERT_TRUE(change.has_value());
    EXPECT_EQ(change->to->id, id);
    EXPECT_EQ(change->first.id.index, change->last.id.index + 1);
    EXPECT_GE(change->gap_ms, 0);
    ASSERT_TRUE(recorder_.WaitFor(FramesBy(id, 5)));
    for (const FrameResult& frame : recorder_.Copy().frames) {
      EXPECT_TRUE(frame.id.index != change->last.id.index || frame.model->id != id);
      EXPECT_TRUE(frame.id.index != change->first.id.index || frame.model->id == id);
    }
  }
  pipeline->Stop();
  const Seen seen = recorder_.Copy();
  for (std::size_t i = 0; i < seen.frames.size(); ++i) {
    ASSERT_EQ(seen.frames[i].id.index, i);
    ASSERT_EQ(seen.frames[i].tracks->size(), 1U);
    EXPECT_EQ(seen.frames[i].tracks->at(0).id, 1) << "the track goes on";
  }
  EXPECT_TRUE(seen.failed.empty());
}

TEST_F(Swap, NeverMixesTwoModelsInOneMessage) {
  struct Batches final : PipelineListener {
    void OnFrames(std::vector<FrameResult> frames) override {
      for (const FrameResult& frame : frames)
        if (frame.model != frames.front().model) mixed = true;
      inner.OnFrames(std::move(frames));
    }
    void OnStats(PipelineReport) override {}
    void OnSource(const std::string&, SourceState, const Status&) override {}
    void OnFailed(const Status&) override {}
    std::atomic<bool> mixed{false};
    Recorder inner;
  } batches;
  PipelineOptions options = LoopOptions(video_.path());
  options.batch = milliseconds(200);
  Pipeline pipeline(options, FakeModel(milliseconds(1)), &batches);
  pipeline.Start();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(batches.inner.WaitFor(FramesBy(i == 0 ? "fake" : std::to_string(i - 1), 1)));
    Change change;
    const ModelTag tag{std::to_string(i), {"object"}};
    ASSERT_TRUE(pipeline.SwapModel(FakeModel(milliseconds(1), -1, tag), &change).ok());
  }
  pipeline.Stop();
  EXPECT_FALSE(batches.mixed);
}

TEST_F(Swap, RenumbersLabelsAndEndsTracksOfThoseThatVanish) {
  const auto pipeline = Start(FakeModel(milliseconds(2), -1, {"one", {"object"}}));
  ASSERT_TRUE(recorder_.WaitFor(FramesBy("one", 5)));
  Change change;
  ASSERT_TRUE(pipeline->SwapModel(FakeModel({}, -1, {"two", {"new", "object"}}), &change).ok());
  ASSERT_TRUE(recorder_.WaitFor(FramesBy("two", 5)));
  ASSERT_TRUE(pipeline->SwapModel(FakeModel({}, -1, {"three", {"other"}}), &change).ok());
  ASSERT_TRUE(recorder_.WaitFor(FramesBy("three", 5)));
  pipeline->Stop();
  for (const FrameResult& frame : recorder_.Copy().frames) {
    for (const Track& track : *frame.tracks) {
      EXPECT_EQ(track.id, frame.model->id == "three" ? 2 : 1);
      EXPECT_EQ(track.detection.label, frame.model->id == "two" ? 1 : 0);
    }
  }
}

TEST_F(Swap, RefusesAModelWithoutALabelThatIsCounted) {
  PipelineOptions options = LoopOptions(video_.path());
  options.analytics.emplace();
  ZoneOptions zone;
  zone.name = "yard";
  zone.points = {{0, 0}, {1, 0}, {1, 1}};
  zone.filter.labels = {"object"};
  options.analytics->zones = {zone};
  Pipeline pipeline(options, FakeModel({}, -1, {"one", {"object"}}), &recorder_);
  pipeline.Start();
  ASSERT_TRUE(recorder_.WaitFor(FramesBy("one", 5)));
  Change change;
  const Status status = pipeline.SwapModel(FakeModel({}, -1, {"two", {"car", "bus"}}), &change);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("knows object, which zone yard counts, but got one of car, bus"),
            std::string::npos)
      << status.message;
  const std::size_t before = recorder_.Copy().frames.size();
  EXPECT_TRUE(recorder_.WaitFor(FramesBy("one", before + 5))) << "the former one goes on";
  EXPECT_TRUE(pipeline.SwapModel(FakeModel({}, -1, {"three", {"car", "object"}}), &change).ok());
}

TEST_F(Swap, DoesNotWaitForFramesThatDoNotCome) {
  Recorder recorder;
  PipelineOptions options = LoopOptions("");
  Source(options).uri = "rtsp://127.0.0.1:9/x";
  Pipeline pipeline(options, FakeModel(), &recorder);
  pipeline.Start();
  ASSERT_TRUE(
      recorder.WaitFor([](const Seen& seen) { return seen.Count(SourceState::kLost) >= 1; }));
  Change change;
  EXPECT_TRUE(pipeline.SwapModel(FakeModel({}, -1, {"two", {"object"}}), &change).ok());
  EXPECT_FALSE(change.has_value());
}

TEST_F(Swap, IsCancelledByAStop) {
  // The model under way holds the frames up, so that the swap waits.
  const auto pipeline = Start(FakeModel(milliseconds(300)));
  ASSERT_TRUE(recorder_.WaitFor([](const Seen& seen) { return !seen.frames.empty(); }));
  Change change;
  auto swap = std::async(std::launch::async, [&] {
    return pipeline->SwapModel(FakeModel({}, -1, {"two", {"object"}}), &change);
  });
  pipeline->Stop();
  EXPECT_EQ(swap.get().code, ErrorCode::kCancelled);
  EXPECT_EQ(pipeline->SwapModel(FakeModel(), &change).code, ErrorCode::kCancelled);
}

/// For the thread sanitizer: everything between a source and the listener at work at once.
TEST(SwapBetweenThreads, ChangesEveryFrameOnceWhileFiguresAreTakenAndAStopComes) {
  for (const bool live : {false, true}) {
    PipelineOptions options;
    options.sources = {Made("door", live), Made("yard", live)};
    options.stats_interval = milliseconds(5);
    options.batch = milliseconds(2);
    Recorder recorder;
    Pipeline pipeline(options, FakeModel(milliseconds(1), -1, {"0", {"object"}}), &recorder);
    pipeline.Start();
    for (int i = 1; i <= 8; ++i) {
      ASSERT_TRUE(recorder.WaitFor(FramesBy(std::to_string(i - 1), 4)));
      Change change;
      const ModelTag tag{std::to_string(i), {"object"}};
      pipeline.Stretch(Clock::now() + milliseconds(5));
      ASSERT_TRUE(pipeline.SwapModel(FakeModel(milliseconds(1), -1, tag), &change).ok());
      ASSERT_TRUE(change.has_value());
      EXPECT_EQ(change->to->id, tag.id);
    }
    Change change;
    auto swap = std::async(std::launch::async, [&] {
      return pipeline.SwapModel(FakeModel(milliseconds(1), -1, {"last", {"object"}}), &change);
    });
    auto other_stop = std::async(std::launch::async, [&] { pipeline.Stop(); });
    pipeline.Stop();
    other_stop.get();
    const ErrorCode code = swap.get().code;
    EXPECT_TRUE(code == ErrorCode::kOk || code == ErrorCode::kCancelled);

    const Seen seen = recorder.Copy();
    EXPECT_TRUE(seen.failed.empty());
    std::vector<int> models(2, 0);
    std::vector<std::uint64_t> next(2, 0);
    for (const FrameResult& frame : seen.frames) {
      const std::size_t source = frame.id.source;
      EXPECT_GE(frame.id.index, next[source]) << "in order";
      if (!live) {
        EXPECT_EQ(frame.id.index, next[source]) << "none is lost";
      }
      next[source] = frame.id.index + 1;
      const int model = frame.model->id == "last" ? 9 : std::stoi(frame.model->id);
      EXPECT_GE(model, models[source]) << "no way back";
      models[source] = model;
    }
  }
}

TEST(WarmModel, IsRefusedWhenItDoesNotRun) {
  const auto model = FakeModel({}, 0);
  const Status status = model->Warm();
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("real pictures"), std::string::npos) << status.message;
  EXPECT_TRUE(FakeModel()->Warm().ok());
}

TEST(WarmModel, IsNotCalledInvalidForWantOfMemory) {
  const auto device = std::make_shared<FakeDevice>();
  device->fail_at = 0;
  device->fail_as = JF_OUT_OF_MEMORY;
  const Status status = FakeModelOn(device)->Warm();
  EXPECT_EQ(status.code, ErrorCode::kModelMemory) << "room for two is what it lacks";
  EXPECT_NE(status.message.find("real pictures"), std::string::npos) << status.message;
}

}  // namespace
}  // namespace jetfleet
