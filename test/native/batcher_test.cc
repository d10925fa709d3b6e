#include "core/infer/batcher.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <future>
#include <random>
#include <string>

#include "core/infer/assembly.h"
#include "fake_backend.h"
#include "made_source.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;

constexpr StageId kPrepare = 1;
constexpr StageId kDetect = 2;

/// Of which the model sees so many parts.
FramePtr MakeFrameOf(std::size_t parts, std::uint32_t source, std::uint64_t index) {
  FramePtr frame = MakeFrame(source, index);
  frame->result.size = {8, 8};
  frame->regions = std::make_shared<const std::vector<Region>>(parts, Region{0, 0, 0.5, 0.5});
  return frame;
}

/// A batcher with lanes on a fake device, and what came out.
class Bench {
 public:
  Bench(const std::shared_ptr<FakeDevice>& device, std::vector<SlotQueues::Limit> limits,
        milliseconds patience = milliseconds(10))
      : meters_(limits.size()) {
    lanes_.push_back(std::make_unique<Lane>(
        0, Lane::Options{kDetect, 1, &meters_},
        Lane::Callbacks{[this](FramePtr frame) { Note(std::move(frame)); },
                        [this] { batcher_->OnRoom(lanes_[0].get()); }, [](const Status&) {}}));
    Batcher::Options options;
    options.sources = std::move(limits);
    options.stage = kPrepare;
    options.patience = patience;
    batcher_ = std::make_unique<Batcher>(options, FakeModelOn(device), &lanes_,
                                         Batcher::Callbacks{[](FramePtr) {}, [](const Status&) {}});
  }
  ~Bench() {
    batcher_->Close();
    for (const auto& lane : lanes_) lane->Close();
    batcher_->Join();
    for (const auto& lane : lanes_) lane->Join();
  }

  void Start() {
    for (const auto& lane : lanes_) lane->Start();
    batcher_->Start();
  }
  Batcher& batcher() { return *batcher_; }

  /// Waits for so many frames; those that came.
  std::vector<FrameId> Await(std::size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(
        came_.wait_for(lock, std::chrono::seconds(20), [&] { return out_.size() >= count; }));
    return out_;
  }

  /// Of the frames that came.
  std::vector<std::shared_ptr<const ModelTag>> Models() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return models_;
  }

 private:
  void Note(FramePtr frame) {
    if (frame->assembly != nullptr) {
      const auto model = frame->result.model;
      frame = Assembly::Gather(std::move(frame), {kPrepare, kDetect});
      if (frame == nullptr) return;
      EXPECT_EQ(frame->result.model, model) << "one model for all of its parts";
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    out_.push_back(frame->result.id);
    models_.push_back(frame->result.model);
    came_.notify_all();
  }

  std::deque<StageMeter> meters_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Batcher> batcher_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<FrameId> out_;
  std::vector<std::shared_ptr<const ModelTag>> models_;
};

std::vector<std::uint64_t> IndicesOf(const std::vector<FrameId>& ids, std::uint32_t source) {
  std::vector<std::uint64_t> indices;
  for (const FrameId& id : ids) {
    if (id.source == source) indices.push_back(id.index);
  }
  return indices;
}

TEST(Batcher, FillsABatchWithFramesOfAllSources) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = -1;
  Bench bench(device, std::vector<SlotQueues::Limit>(4, {2, Overflow::kBlock}));
  for (std::uint32_t source = 0; source < 4; ++source) {
    for (const std::uint64_t index : {0U, 1U}) {
      bench.batcher().Push(source, MakeFrame(source, index));
    }
  }
  bench.Start();
  const auto out = bench.Await(8);
  EXPECT_EQ(device->runs, 2) << "two runs of four pictures";
  for (std::uint32_t source = 0; source < 4; ++source) {
    EXPECT_EQ(IndicesOf(out, source), (std::vector<std::uint64_t>{0, 1}));
  }
}

TEST(Batcher, HasABackendThatPreparesDoSoForTheWholeBatch) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = -1;
  device->prepares = true;
  Bench bench(device, std::vector<SlotQueues::Limit>(2, {2, Overflow::kBlock}));
  bench.batcher().Push(0, MakeFrame(0, 0));
  bench.batcher().Push(1, MakeFrame(1, 0));
  bench.Start();
  bench.Await(2);
  ASSERT_EQ(device->surfaces.size(), 2U);
  EXPECT_EQ(device->surfaces[1].format, static_cast<int>(PixelFormat::kGray));
  EXPECT_EQ(device->surfaces[1].visible_width, 8);
  EXPECT_EQ(device->surfaces[1].memory, JF_HOST);
  EXPECT_NE(device->surfaces[1].planes[0], nullptr);
  // 8 × 8 pixels into 64 × 64.
  EXPECT_EQ(device->rects[0].width, 64);
}

TEST(Batcher, DoesNotWaitForASourceThatSendsNothing) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = -1;
  Bench bench(device, std::vector<SlotQueues::Limit>(2, {2, Overflow::kDropOldest}));
  bench.Start();
  const TimePoint start = Clock::now();
  bench.batcher().Push(0, MakeFrame(0, 0));
  bench.Await(1);
  EXPECT_LT(FrameTrace::Ms(Clock::now() - start), 500) << "the patience is 10 ms";
}

TEST(Batcher, DoesNotWaitForASourceThatHasGoneSilent) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = -1;
  Bench bench(device, std::vector<SlotQueues::Limit>(2, {2, Overflow::kBlock}),
              std::chrono::minutes(10));
  for (std::uint32_t source = 0; source < 2; ++source) {
    bench.batcher().Push(source, MakeFrame(source, 0));
  }
  bench.Start();
  bench.Await(2);
  EXPECT_EQ(device->runs, 1) << "both were there";
  // After a second without the other one, frames of this one go alone, and at once.
  std::uint64_t index = 1;
  const TimePoint start = Clock::now();
  while (FrameTrace::Ms(Clock::now() - start) < 1500) {
    bench.batcher().Push(0, MakeFrame(0, index++));
    std::this_thread::sleep_for(milliseconds(20));
  }
  bench.Await(index + 1);
  const int runs = device->runs;
  bench.batcher().Push(0, MakeFrame(0, index));
  EXPECT_EQ(bench.Await(index + 2).back().index, index);
  EXPECT_EQ(device->runs, runs + 1);
}

TEST(Batcher, KeepsTwoRunsInFlightWhereTheDeviceOverlapsThem) {
  const auto device = std::make_shared<FakeDevice>();
  device->tickets = 4;
  device->delay = milliseconds(20);
  Bench bench(device, {{2, Overflow::kBlock}});
  bench.Start();
  for (std::uint64_t index = 0; index < 10; ++index) bench.batcher().Push(0, MakeFrame(0, index));
  const auto out = bench.Await(10);
  EXPECT_EQ(device->most_in_flight, 2);
  EXPECT_EQ(IndicesOf(out, 0).size(), 10U);
  EXPECT_TRUE(std::is_sorted(out.begin(), out.end(),
                             [](const FrameId& a, const FrameId& b) { return a.index < b.index; }));
}

TEST(Batcher, LeavesWhatIsReadyToTheLaneThatHasJustBecomeFree) {
  const auto device = std::make_shared<FakeDevice>();
  device->delay = milliseconds(20);
  std::atomic<int> by_lane{0};
  device->look = [&](const JfTensor&) {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    if (std::string(name.data()) == "jf-infer-0") ++by_lane;
  };
  Bench bench(device, {{2, Overflow::kBlock}});
  bench.Start();
  for (std::uint64_t index = 0; index < 10; ++index) bench.batcher().Push(0, MakeFrame(0, index));
  EXPECT_EQ(IndicesOf(bench.Await(10), 0),
            (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(device->most_in_flight, 1);
  EXPECT_GE(by_lane, 5) << "preparing takes much less than a run";
}

TEST(Batcher, LeavesPicturesThatWereScaledToTheLaneAndPreparesOthersAhead) {
  for (const Overflow overflow : {Overflow::kBlock, Overflow::kDropOldest}) {
    const auto device = std::make_shared<FakeDevice>();
    device->delay = milliseconds(100);
    Bench bench(device, {{2, overflow}});
    bench.Start();
    bench.batcher().Push(0, MakeFrame(0, 0));
    while (device->in_flight == 0) std::this_thread::yield();
    bench.batcher().Push(0, MakeFrame(0, 1));
    EXPECT_EQ(IndicesOf(bench.Await(2), 0), (std::vector<std::uint64_t>{0, 1}));
    const bool ahead = overflow == Overflow::kDropOldest;
    EXPECT_EQ(bench.batcher().TakeReadyLevels(0).max, ahead ? 1U : 0U) << ahead;
  }
}

TEST(Batcher, LosesNothingBetweenItsThreadAndTheLaneWhoeverComesFirst) {
  constexpr std::uint64_t kFrames = 300;
  const auto device = std::make_shared<FakeDevice>();
  Bench bench(device,
              {{2, Overflow::kBlock}, {2, Overflow::kBlock, 1, 4}, {400, Overflow::kDropOldest}});
  bench.Start();
  std::vector<std::thread> sources;
  for (std::uint32_t source = 0; source < 3; ++source) {
    sources.emplace_back([&bench, source] {
      std::mt19937 random(source);
      for (std::uint64_t index = 0; index < kFrames; ++index) {
        bench.batcher().Push(source, MakeFrame(source, index));
        // At times longer than a run, so that the lane has nothing to do.
        if (random() % 4 == 0)
          std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
      }
    });
  }
  const auto out = bench.Await(3 * kFrames);
  for (std::thread& source : sources) source.join();
  for (std::uint32_t source = 0; source < 3; ++source) {
    const auto indices = IndicesOf(out, source);
    EXPECT_EQ(indices.size(), kFrames) << source;
    EXPECT_TRUE(std::is_sorted(indices.begin(), indices.end())) << source;
  }
}

TEST(Batcher, WorksOnTheNewestTwoOfALiveSourceAndCountsTheRest) {
  const auto device = std::make_shared<FakeDevice>();
  device->delay = milliseconds(150);
  Bench bench(device, {{1, Overflow::kDropOldest}});
  bench.Start();
  bench.batcher().Push(0, MakeFrame(0, 0));
  while (device->in_flight == 0) std::this_thread::yield();
  // All while the first is worked on: the second is prepared, and must give way all the same.
  constexpr std::uint64_t kLast = 20;
  for (std::uint64_t index = 1; index <= kLast; ++index) {
    bench.batcher().Push(0, MakeFrame(0, index));
    std::this_thread::sleep_for(milliseconds(2));  // the pace of the source
  }
  const auto indices = IndicesOf(bench.Await(3), 0);
  ASSERT_EQ(indices.size(), 3U);
  EXPECT_EQ(indices.front(), 0U);
  EXPECT_EQ(indices.back(), kLast);
  // One that came while the batch was prepared anew went in its place.
  EXPECT_GE(indices[1], kLast - 2);
  EXPECT_EQ(bench.batcher().TakeLevels(0).drops_total, kLast - 2);
}

TEST(Batcher, LosesNothingOfAFile) {
  const auto device = std::make_shared<FakeDevice>();
  device->delay = milliseconds(1);
  Bench bench(device, {{2, Overflow::kBlock}});
  bench.Start();
  for (std::uint64_t index = 0; index < 50; ++index) bench.batcher().Push(0, MakeFrame(0, index));
  EXPECT_EQ(bench.Await(50).size(), 50U);
  EXPECT_EQ(bench.batcher().TakeLevels(0).drops_total, 0U);
}

TEST(Batcher, LetsTheFormerModelAnswerFramesOfAFileThatWereScaledForIt) {
  const auto device = std::make_shared<FakeDevice>();
  Bench bench(device, {{4, Overflow::kBlock}, {4, Overflow::kDropOldest}});
  const auto former = bench.batcher().model();
  for (std::uint64_t index = 0; index < 2; ++index) {
    bench.batcher().Push(0, MakeFrame(0, index));
    bench.batcher().Push(1, MakeFrame(1, index));
  }
  const auto next = FakeModelOn(device, {"next", {"object"}});
  bench.batcher().SetModel(next);
  for (std::uint64_t index = 2; index < 4; ++index) {
    bench.batcher().Push(0, MakeFrame(0, index));
    bench.batcher().Push(1, MakeFrame(1, index));
  }
  bench.Start();
  const std::vector<FrameId> ids = bench.Await(8);
  EXPECT_EQ(IndicesOf(ids, 0), (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_EQ(IndicesOf(ids, 1), (std::vector<std::uint64_t>{0, 1, 2, 3}));
  const auto models = bench.Models();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    // A live source's pictures are scaled when it is their turn.
    const bool by_former = ids[i].source == 0 && ids[i].index < 2;
    EXPECT_EQ(models[i], by_former ? former->tag() : next->tag()) << ids[i].source << ids[i].index;
  }
}

TEST(Batcher, GivesEachPartOfAPictureASlotAndFillsBatchesWithThoseOfOthers) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = -1;
  Bench bench(device, {{2, Overflow::kBlock, 4}, {2, Overflow::kBlock}}, std::chrono::minutes(1));
  for (const std::uint64_t index : {0U, 1U}) {
    bench.batcher().Push(0, MakeFrameOf(4, 0, index));
    bench.batcher().Push(1, MakeFrame(1, index));
  }
  EXPECT_EQ(bench.batcher().TakeLevels(0).level, 2U) << "pictures";
  bench.Start();
  const auto out = bench.Await(4);
  EXPECT_EQ(device->runs, 2) << "two runs of five";
  EXPECT_EQ(IndicesOf(out, 0), (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(IndicesOf(out, 1), (std::vector<std::uint64_t>{0, 1}));
}

TEST(Batcher, FinishesAPictureOverAsManyRunsAsItTakes) {
  for (const std::int64_t batch : {1, 2, 3, 4}) {
    const auto device = std::make_shared<FakeDevice>();
    device->batch = batch;
    Bench bench(device, {{8, Overflow::kBlock, 3}, {8, Overflow::kBlock}}, std::chrono::minutes(1));
    for (const std::uint64_t index : {0U, 1U}) {
      bench.batcher().Push(0, MakeFrameOf(3, 0, index));
      bench.batcher().Push(1, MakeFrame(1, index));
    }
    auto end = std::make_unique<Frame>();
    end->end_of_stream = true;
    end->result.id = {0, 99};
    bench.batcher().Push(0, std::move(end));
    bench.Start();
    const auto out = bench.Await(5);
    EXPECT_EQ(device->runs, (8 + batch - 1) / batch) << "batches of " << batch;
    EXPECT_EQ(IndicesOf(out, 0), (std::vector<std::uint64_t>{0, 1, 99}));
    EXPECT_EQ(IndicesOf(out, 1), (std::vector<std::uint64_t>{0, 1}));
  }
}

TEST(Batcher, HasABackendPrepareEachPart) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = -1;
  device->prepares = true;
  Bench bench(device, {{2, Overflow::kBlock, 3}});
  bench.batcher().Push(0, MakeFrameOf(3, 0, 0));
  bench.Start();
  bench.Await(1);
  ASSERT_EQ(device->surfaces.size(), 3U);
  for (const JfSurface& surface : device->surfaces) EXPECT_EQ(surface.visible_width, 4);
}

/// Until source 0 has something prepared that waits for a lane.
void AwaitReady(Batcher& batcher) {
  while (batcher.TakeReadyLevels(0).level == 0) std::this_thread::yield();
}

/// What comes of a live source whose pictures have so many parts, of which a run takes so many:
/// the first picture is worked on while twenty come.
struct Overrun {
  std::vector<std::uint64_t> out;
  std::size_t drops = 0;
};
Overrun OverrunBy(std::size_t parts, std::int64_t batch, std::size_t expected) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = batch;
  device->delay = milliseconds(150);
  Bench bench(device, {{1, Overflow::kDropOldest, parts}});
  bench.Start();
  bench.batcher().Push(0, MakeFrameOf(parts, 0, 0));
  while (device->in_flight == 0) std::this_thread::yield();
  for (std::uint64_t index = 1; index <= 20; ++index) {
    bench.batcher().Push(0, MakeFrameOf(parts, 0, index));
    AwaitReady(bench.batcher());
  }
  Overrun overrun;
  overrun.out = IndicesOf(bench.Await(expected), 0);
  overrun.drops = bench.batcher().TakeLevels(0).drops_total;
  return overrun;
}

TEST(Batcher, DropsPicturesOfSeveralPartsAsAWholeAndFinishesWhatIsBegun) {
  // All parts of the second are ready while the first is in the lane: it gives way like any other.
  const Overrun whole = OverrunBy(4, 4, 3);
  EXPECT_EQ(whole.out, (std::vector<std::uint64_t>{0, 19, 20}));
  EXPECT_EQ(whole.drops, 18U);
  // The first is begun, and only the newest waits behind it.
  const Overrun begun = OverrunBy(4, 1, 2);
  EXPECT_EQ(begun.out, (std::vector<std::uint64_t>{0, 20}));
  EXPECT_EQ(begun.drops, 19U);
}

TEST(Batcher, ExchangesAPictureOfWhichNoPartIsInALaneYet) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = 2;
  device->delay = milliseconds(150);
  // The other source is in the lane, so that parts 0 and 1 are ready and 2 waits.
  Bench bench(device, {{1, Overflow::kDropOldest, 3}, {2, Overflow::kBlock}});
  bench.batcher().Push(1, MakeFrame(1, 0));
  bench.Start();
  while (device->in_flight == 0) std::this_thread::yield();
  bench.batcher().Push(0, MakeFrameOf(3, 0, 0));
  AwaitReady(bench.batcher());
  for (std::uint64_t index = 1; index <= 5; ++index) {
    bench.batcher().Push(0, MakeFrameOf(3, 0, index));
    AwaitReady(bench.batcher());
  }
  EXPECT_EQ(IndicesOf(bench.Await(3), 0), (std::vector<std::uint64_t>{4, 5}));
  EXPECT_EQ(bench.batcher().TakeLevels(0).drops_total, 4U);
}

TEST(Batcher, HasOneModelSeeAllPartsOfAPicture) {
  const auto device = std::make_shared<FakeDevice>();
  device->delay = milliseconds(30);
  const auto other = std::make_shared<FakeDevice>();
  Bench bench(device, {{4, Overflow::kBlock, 4}});
  const auto former = bench.batcher().model();
  bench.Start();
  bench.batcher().Push(0, MakeFrameOf(4, 0, 0));
  while (device->in_flight == 0) std::this_thread::yield();
  const auto next = FakeModelOn(other, {"next", {"object"}});
  bench.batcher().SetModel(next);
  bench.batcher().Push(0, MakeFrameOf(4, 0, 1));
  EXPECT_EQ(IndicesOf(bench.Await(2), 0), (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(device->runs, 4);
  EXPECT_EQ(other->runs, 4);
  const auto models = bench.Models();
  EXPECT_EQ(models[0], former->tag());
  EXPECT_EQ(models[1], next->tag());
}

TEST(Batcher, FinishesWhatIsBegunWhileThereIsNoModel) {
  const auto device = std::make_shared<FakeDevice>();
  device->delay = milliseconds(30);
  Bench bench(device, {{4, Overflow::kDropOldest, 3}});
  bench.Start();
  bench.batcher().Push(0, MakeFrameOf(3, 0, 0));
  while (device->in_flight == 0) std::this_thread::yield();
  bench.batcher().Push(0, MakeFrameOf(3, 0, 1));
  auto former = bench.batcher().SetModel(nullptr);
  const std::future<void> gone = former->gone();
  former.reset();
  EXPECT_EQ(gone.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(IndicesOf(bench.Await(1), 0), (std::vector<std::uint64_t>{0}));
  bench.batcher().SetModel(FakeModelOn(device));
  EXPECT_EQ(IndicesOf(bench.Await(2), 0), (std::vector<std::uint64_t>{0, 1}));
}

TEST(Batcher, ReleasesASourceThatWaitsWhenItIsClosed) {
  const auto device = std::make_shared<FakeDevice>();
  Bench bench(device, {{1, Overflow::kBlock}});
  ASSERT_TRUE(bench.batcher().Push(0, MakeFrame(0, 0)));
  std::thread waits([&] { EXPECT_FALSE(bench.batcher().Push(0, MakeFrame(0, 1))); });
  bench.batcher().Close();
  waits.join();
}

TEST(Batcher, BringsTheEndOfAStreamBehindItsFrames) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = -1;
  device->delay = milliseconds(5);
  Bench bench(device, std::vector<SlotQueues::Limit>(2, {8, Overflow::kBlock}));
  for (std::uint64_t index = 0; index < 3; ++index) bench.batcher().Push(0, MakeFrame(0, index));
  auto end = std::make_unique<Frame>();
  end->end_of_stream = true;
  end->result.id = {0, 99};
  bench.batcher().Push(0, std::move(end));
  bench.Start();
  EXPECT_EQ(IndicesOf(bench.Await(4), 0), (std::vector<std::uint64_t>{0, 1, 2, 99}));
}

}  // namespace
}  // namespace jetfleet
