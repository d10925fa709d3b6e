#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "core/graph/executor.h"
#include "core/graph/strand.h"
#include "core/infer/reorder.h"
#include "core/sinks/sink.h"
#include "made_source.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;

TEST(Reorder, GivesEverySequenceBackInOrder) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint64_t> order(20);
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    std::vector<std::uint64_t> out;
    Reorder reorder([&](FramePtr frame) { out.push_back(frame->sequence); });
    for (const std::uint64_t sequence : order) {
      auto frame = std::make_unique<Frame>();
      frame->sequence = sequence;
      reorder.Add(std::move(frame));
    }
    ASSERT_EQ(out.size(), order.size());
    EXPECT_TRUE(std::is_sorted(out.begin(), out.end()));
  }
}

TEST(Strand, KeepsTheOrderOfItsSourceOnManyThreads) {
  Executor executor(4);
  std::mutex mutex;
  std::condition_variable came;
  std::map<std::uint32_t, std::vector<std::uint64_t>> out;
  std::size_t count = 0;
  std::vector<std::shared_ptr<Strand>> strands;
  for (std::uint32_t source = 0; source < 3; ++source) {
    strands.push_back(
        std::make_shared<Strand>(&executor, 4, Overflow::kBlock, std::vector<Strand::Stage>{},
                                 Strand::Callbacks{[&](FramePtr frame) {
                                                     const std::lock_guard<std::mutex> lock(mutex);
                                                     const FrameId id = frame->result.id;
                                                     out[id.source].push_back(id.index);
                                                     ++count;
                                                     came.notify_all();
                                                   },
                                                   [](const Status&) {}}));
  }
  executor.Start();
  constexpr std::uint64_t kFrames = 500;
  std::vector<std::thread> sources;
  for (std::uint32_t source = 0; source < 3; ++source) {
    sources.emplace_back([&, source] {
      for (std::uint64_t index = 0; index < kFrames; ++index) {
        strands[source]->Push(MakeFrame(source, index));
      }
    });
  }
  for (std::thread& source : sources) source.join();
  std::unique_lock<std::mutex> lock(mutex);
  ASSERT_TRUE(came.wait_for(lock, std::chrono::seconds(20), [&] { return count == 3 * kFrames; }));
  for (const auto& [source, indices] : out) {
    EXPECT_TRUE(std::is_sorted(indices.begin(), indices.end())) << source;
  }
  lock.unlock();
  executor.Close();
  executor.Join();
}

TEST(Strand, IsWorkedOnByWhoBringsAFrameWhileThatIsSoonDone) {
  Executor executor(1);
  std::atomic<int> work_ms{0};
  BoundedQueue<std::thread::id> done(1, Overflow::kBlock);
  Strand::Stage stage;
  stage.work = [&](Frame&) {
    if (work_ms > 0) std::this_thread::sleep_for(milliseconds(work_ms));
    return Status::Ok();
  };
  const auto strand = std::make_shared<Strand>(
      &executor, 4, Overflow::kBlock, std::vector<Strand::Stage>{stage},
      Strand::Callbacks{[&](FramePtr) { done.Push(std::this_thread::get_id()); },
                        [](const Status&) {}});
  executor.Start();
  std::uint64_t index = 0;
  const auto is_mine = [&] {
    strand->Push(MakeFrame(0, index++));
    std::thread::id id;
    done.Pop(&id);
    return id == std::this_thread::get_id();
  };
  EXPECT_FALSE(is_mine()) << "nothing is known of it yet";
  bool mine = false;
  // A machine that has other things to do makes anything long.
  for (int i = 0; i < 1000 && !mine; ++i) mine = is_mine();
  EXPECT_TRUE(mine);
  work_ms = 1;
  is_mine();
  is_mine();
  EXPECT_FALSE(is_mine()) << "waking another thread takes less";
  executor.Close();
  executor.Join();
}

struct FakeSink final : Sink {
  explicit FakeSink(bool wants) : wants_surface(wants) {}
  bool needs_surface() const override { return wants_surface; }
  void Consume(FramePtr frame) override { frames.push_back(std::move(frame)); }
  const bool wants_surface;
  std::vector<FramePtr> frames;
};

TEST(FanOut, GivesEachSinkAFrameAndPicturesToThoseThatWantThem) {
  FakeSink draws(true);
  FakeSink counts(false);
  const FanOut fan_out({&draws, &counts});
  FramePtr frame = MakeFrame(0, 7);
  frame->picture = frame->surface;
  fan_out.Push(std::move(frame));
  ASSERT_EQ(draws.frames.size(), 1U);
  ASSERT_EQ(counts.frames.size(), 1U);
  EXPECT_NE(draws.frames[0]->picture, nullptr);
  EXPECT_EQ(counts.frames[0]->picture, nullptr);
  EXPECT_EQ(counts.frames[0]->result.id.index, 7U);
}

}  // namespace
}  // namespace jetfleet
