#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "core/infer/batcher.h"
#include "core/infer/reorder.h"
#include "made_source.h"
#include "world.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

constexpr std::size_t kNo = static_cast<std::size_t>(Skip::kNo);
constexpr std::size_t kInterval = static_cast<std::size_t>(Skip::kInterval);

PipelineOptions OptionsOf(std::vector<PipelineSource> sources, int interval) {
  PipelineOptions options;
  options.sources = std::move(sources);
  options.stats_interval = milliseconds(20);
  options.batch = milliseconds(2);
  options.detect_interval = interval;
  return options;
}

/// Keeps every frame with its trace.
struct Keeper final : Sink {
  bool needs_surface() const override { return false; }
  void Consume(FramePtr frame) override {
    const std::lock_guard<std::mutex> lock(mutex);
    frames.push_back(std::move(frame));
  }
  std::mutex mutex;
  std::vector<FramePtr> frames;
};

TEST(DetectInterval, OfAFileHasEveryNthFrameLookedAtAndTheTrackerTellOfTheRest) {
  const auto device = std::make_shared<FakeDevice>();
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("door", false), Made("yard", false)}, 3), FakeModelOn(device),
                    &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor(
      [](const Seen& seen) { return seen.frames.size() >= 600 && !seen.stats.empty(); }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  EXPECT_TRUE(seen.failed.empty());
  std::array<std::uint64_t, 2> next{};
  int looked = 0;
  for (const FrameResult& frame : seen.frames) {
    ASSERT_EQ(frame.id.index, next.at(frame.id.source)++) << "of source " << frame.id.source;
    const bool every_third = frame.id.index % 3 == 0;
    EXPECT_EQ(frame.skip, every_third ? Skip::kNo : Skip::kInterval) << frame.id.index;
    EXPECT_EQ(frame.detections.size(), every_third ? 1U : 0U) << frame.id.index;
    ASSERT_EQ(frame.tracks->size(), 1U) << frame.id.index;
    EXPECT_EQ(frame.tracks->front().id, 1);
    EXPECT_NEAR(frame.tracks->front().detection.box.width, 4, 0.01);
    looked += every_third ? 1 : 0;
  }
  EXPECT_GE(device->runs, looked);
  EXPECT_LE(device->runs, looked + 16) << "of frames that were under way at the end";
  const SourceFigures& figures = seen.stats.back().figures.sources[1];
  EXPECT_EQ(figures.detect_interval, 3);
  EXPECT_NEAR(static_cast<double>(figures.looked[kInterval]),
              2.0 * static_cast<double>(figures.looked[kNo]), 3);
}

TEST(DetectInterval, KeepsTheSumOfTheStagesAndBlamesTheWaitOnInference) {
  const auto device = std::make_shared<FakeDevice>();
  device->delay = milliseconds(20);
  Keeper keeper;
  Recorder recorder;
  PipelineOptions options = OptionsOf({Made("door", true)}, 4);
  options.sinks = {&keeper};
  Pipeline pipeline(options, FakeModelOn(device), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 100; }));
  pipeline.Stop();
  constexpr StageId kDetect = 2;
  constexpr StageId kTrack = 3;
  double waited = 0;
  for (const FramePtr& frame : keeper.frames) {
    double sum = 0;
    for (StageId stage = 0; stage <= kTrack; ++stage) {
      sum += frame->trace.WaitMs(stage) + frame->trace.WorkMs(stage);
    }
    EXPECT_NEAR(sum, frame->trace.TotalMs(), 0.001);
    if (!WasSkipped(frame)) continue;
    EXPECT_EQ(frame->trace.WorkMs(kDetect), 0);
    waited = std::max(waited, frame->trace.WaitMs(kDetect));
  }
  EXPECT_GT(waited, 10) << "behind a frame that was being looked at";
}

TEST(DetectInterval, CanBeChangedWhileFramesFlowAndIsRefusedWithoutATracker) {
  const auto device = std::make_shared<FakeDevice>();
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("door", false)}, 1), FakeModelOn(device), &recorder);
  EXPECT_EQ(pipeline.SetDetectInterval(0).code, ErrorCode::kModelInvalid);
  pipeline.Start();
  for (const int interval : {5, 1, 2}) {
    const std::size_t before = recorder.Copy().frames.size();
    ASSERT_TRUE(pipeline.SetDetectInterval(interval).ok());
    const auto settled = [&](const Seen& seen) {
      if (seen.frames.size() < before + 100) return false;
      const auto& frames = seen.frames;
      return std::count_if(frames.end() - 20, frames.end(), [](const FrameResult& frame) {
               return frame.skip == Skip::kNo;
             }) == 20 / interval;
    };
    EXPECT_TRUE(recorder.WaitFor(settled)) << interval;
  }
  PipelineOptions bare = OptionsOf({Made("door", false)}, 1);
  bare.track.reset();
  Pipeline untracked(bare, FakeModelOn(device), &recorder);
  EXPECT_TRUE(untracked.SetDetectInterval(1).ok());
  const Status status = untracked.SetDetectInterval(2);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("without one; add track"), std::string::npos) << status.message;
}

TEST(DetectInterval, DoesNotKeepAnotherModelWaiting) {
  const auto device = std::make_shared<FakeDevice>();
  Recorder recorder;
  PipelineSource source = Made("door", true);
  source.options.timeout = std::chrono::seconds(10);
  Pipeline pipeline(OptionsOf({source}, 1 << 20), FakeModelOn(device), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 50; }));
  std::optional<ModelChange> change;
  ASSERT_TRUE(pipeline.SwapModel(FakeModelOn(device, {"next", {"object"}}), &change).ok());
  EXPECT_TRUE(change.has_value());
  pipeline.Stop();
  int looked = 0;
  std::string model = "fake";
  for (const FrameResult& frame : recorder.Copy().frames) {
    if (frame.skip == Skip::kNo) ++looked;
    if (frame.model->id != model) {
      EXPECT_EQ(frame.skip, Skip::kNo) << "the first of another model is one that it looked at";
      EXPECT_EQ(model, "fake") << "no way back";
      model = frame.model->id;
    }
  }
  EXPECT_EQ(looked, 2) << "the first of all, and the first of the other model";
}

/// Sources of both kinds that push into a batcher with three lanes of unequal speed.
class Flow {
 public:
  explicit Flow(const std::shared_ptr<FakeDevice>& device) : device_(device), out_(kSources) {
    for (std::size_t source = 0; source < kSources; ++source) {
      reorders_.emplace_back([this, source](FramePtr frame) {
        const std::lock_guard<std::mutex> lock(mutex_);
        out_[source].push_back(std::move(frame));
      });
    }
    const auto on_frame = [this](FramePtr frame) {
      const std::size_t source = frame->result.id.source;
      reorders_[source].Add(std::move(frame));
    };
    const auto on_past = [this, on_frame](FramePtr frame) {
      if (frame->dropped && WasSkipped(frame)) ++skipped_dropped_;
      on_frame(std::move(frame));
    };
    for (std::size_t lane = 0; lane < kLanes.size(); ++lane) {
      lanes_.push_back(std::make_unique<Lane>(
          lane, Lane::Options{2, 1, &meters_},
          Lane::Callbacks{on_frame, [this, lane] { batcher_->OnRoom(lanes_[lane].get()); },
                          [](const Status&) {}}));
    }
    Batcher::Options options;
    options.sources = {{1, Overflow::kDropOldest}, {2, Overflow::kBlock}};
    options.stage = 1;
    options.patience = milliseconds(1);
    options.share_interval = milliseconds(20);
    batcher_ = std::make_unique<Batcher>(options, Model("0"), &lanes_,
                                         Batcher::Callbacks{on_past, [](const Status&) {}});
    for (const auto& lane : lanes_) lane->Start();
    batcher_->Start();
  }
  ~Flow() {
    batcher_->Close();
    for (const auto& lane : lanes_) lane->Close();
    batcher_->Join();
    for (const auto& lane : lanes_) lane->Join();
  }

  static constexpr std::size_t kSources = 2;
  std::shared_ptr<ModelProgram> Model(const std::string& id) const {
    return FakeModelOn(device_, {id, {"object"}}, kLanes);
  }
  Batcher& batcher() { return *batcher_; }

  void Push(std::uint32_t source, std::uint64_t index) {
    auto frame = std::make_unique<Frame>();
    frame->trace = FrameTrace(Clock::now());
    frame->result.id = {source, index};
    frame->result.size = {8, 8};
    frame->surface = GrayPicture();
    batcher_->Push(source, std::move(frame));
  }
  void PushEnd(std::uint32_t source) {
    auto end = std::make_unique<Frame>();
    end->end_of_stream = true;
    end->result.id.source = source;
    batcher_->Push(source, std::move(end));
  }
  bool Ended(std::size_t source) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return !out_[source].empty() && out_[source].back()->end_of_stream;
  }
  const std::vector<FramePtr>& out(std::size_t source) const { return out_[source]; }
  int skipped_dropped() const { return skipped_dropped_; }

 private:
  const std::vector<LaneOptions> kLanes = {{"gpu", "", "", ""}, {"dla0", "", "", ""}, {"dla1", "", "", ""}};
  const std::shared_ptr<FakeDevice> device_;
  std::mutex mutex_;
  std::vector<std::vector<FramePtr>> out_;
  std::atomic<int> skipped_dropped_{0};
  std::deque<Reorder> reorders_;
  std::deque<StageMeter> meters_ = std::deque<StageMeter>(kSources);
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Batcher> batcher_;
};

/// A random interval all the time, models that are exchanged, and a live source that drops.
TEST(DetectInterval, NeverChangesTheOrderOrLosesAFrameUncounted) {
  constexpr std::uint64_t kFrames = 400;
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    const auto device = std::make_shared<FakeDevice>();
    device->delays = {
        {"gpu", milliseconds(1)}, {"dla0", milliseconds(3)}, {"dla1", milliseconds(6)}};
    Flow flow(device);
    std::vector<std::thread> sources;
    for (std::uint32_t source = 0; source < Flow::kSources; ++source) {
      sources.emplace_back([&flow, source, seed] {
        std::mt19937 random(seed * 2 + source);
        for (std::uint64_t index = 0; index < kFrames; ++index) {
          if (random() % 20 == 0) flow.batcher().SetInterval(1 + static_cast<int>(random() % 6));
          flow.Push(source, index);
          // The pace of a camera, with bursts.
          if (source == 0 && random() % 3 == 0) std::this_thread::sleep_for(milliseconds(1));
        }
        flow.PushEnd(source);
      });
    }
    for (int swap = 1; swap <= 5; ++swap) flow.batcher().SetModel(flow.Model(std::to_string(swap)));
    for (std::thread& source : sources) source.join();
    const TimePoint limit = Clock::now() + std::chrono::seconds(20);
    while (!(flow.Ended(0) && flow.Ended(1)) && Clock::now() < limit) std::this_thread::yield();
    ASSERT_TRUE(flow.Ended(0) && flow.Ended(1));
    EXPECT_EQ(flow.skipped_dropped(), 0);
    for (std::size_t source = 0; source < Flow::kSources; ++source) {
      const auto& out = flow.out(source);
      EXPECT_EQ(out.size() - 1 + flow.batcher().TakeLevels(source).drops_total, kFrames);
      EXPECT_TRUE(
          std::is_sorted(out.begin(), out.end() - 1, [](const FramePtr& a, const FramePtr& b) {
            return a->result.id.index < b->result.id.index;
          }));
      for (const FramePtr& frame : out) {
        if (frame->end_of_stream) continue;
        EXPECT_EQ(frame->result.detections.size(), WasSkipped(frame) ? 0U : 1U);
        EXPECT_EQ(frame->result.model == nullptr, WasSkipped(frame)) << "exactly one model, or none";
        EXPECT_EQ(frame->surface, nullptr) << "pictures are let go of";
      }
    }
    EXPECT_EQ(flow.out(1).size(), kFrames + 1) << "a file loses nothing";
  }
}

TEST(DetectInterval, LetsWhatIsBehindADroppedFrameGoOn) {
  std::vector<std::uint64_t> out;
  Reorder reorder([&](FramePtr frame) { out.push_back(frame->sequence); });
  const auto add = [&](std::uint64_t sequence, bool dropped) {
    auto frame = std::make_unique<Frame>();
    frame->sequence = sequence;
    frame->dropped = dropped;
    reorder.Add(std::move(frame));
  };
  add(1, false);
  add(3, false);
  EXPECT_TRUE(out.empty());
  add(0, true);
  EXPECT_EQ(out, (std::vector<std::uint64_t>{1}));
  add(2, true);
  EXPECT_EQ(out, (std::vector<std::uint64_t>{1, 3}));
}

}  // namespace
}  // namespace jetfleet
