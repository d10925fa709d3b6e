#include "core/sinks/listener_sink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <thread>

#include "world.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

FramePtr Finished(std::uint64_t index) {
  static const auto kTag = std::make_shared<const ModelTag>(ModelTag{"fake", {"object"}});
  auto frame = std::make_unique<Frame>();
  frame->result.id.index = index;
  frame->result.model = kTag;
  return frame;
}

FramePtr EndOfStream() {
  auto end = std::make_unique<Frame>();
  end->end_of_stream = true;
  return end;
}

ListenerSink::Callbacks Callbacks(std::function<void()> on_end = [] {}) {
  return {[] { return PipelineFigures(); }, [](std::uint32_t) { return true; },
          [on_end = std::move(on_end)](std::uint32_t) { on_end(); }, [](const ModelChange&) {}};
}

ListenerSink::Options BatchesOf(std::chrono::milliseconds batch) {
  ListenerSink::Options options;
  options.batch = batch;
  // Not the statistics wake it.
  options.stats_interval = std::chrono::hours(1);
  return options;
}

TEST(ListenerSink, HandsAFrameOverAtOnceAndThoseSoonAfterItTogether) {
  Recorder recorder;
  ListenerSink sink(BatchesOf(std::chrono::hours(1)), &recorder, Callbacks());
  sink.Start();
  sink.Consume(Finished(0));
  EXPECT_EQ(recorder.Copy().frames.size(), 1U);
  sink.Consume(Finished(1));
  sink.Consume(Finished(2));
  EXPECT_EQ(sink.TakeLevels().level, 2U);
  sink.Consume(EndOfStream());
  EXPECT_EQ(recorder.Copy().batches, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(sink.TakeLevels().max, 2U);
  EXPECT_EQ(sink.TakeLevels().max, 0U);
}

TEST(ListenerSink, HandsABatchOverWhenItIsDueThoughNothingComesBehindIt) {
  Recorder recorder;
  ListenerSink sink(BatchesOf(milliseconds(50)), &recorder, Callbacks());
  sink.Start();
  for (std::uint64_t i = 0; i < 3; ++i) sink.Consume(Finished(i));
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() == 3; }));
  EXPECT_EQ(recorder.Copy().batches, (std::vector<std::size_t>{1, 2}));
}

TEST(ListenerSink, HandsOverWhatWasFinishedBeforeItIsClosedAndNothingOfLater) {
  Recorder recorder;
  ListenerSink sink(BatchesOf(std::chrono::hours(1)), &recorder, Callbacks());
  sink.Start();
  for (std::uint64_t i = 0; i < 3; ++i) sink.Consume(Finished(i));
  sink.Close();
  sink.Consume(Finished(3));
  sink.Join();
  EXPECT_EQ(recorder.Copy().frames.size(), 3U);
}

TEST(ListenerSink, MayBeClosedByWhoHearsOfTheEnd) {
  Recorder recorder;
  ListenerSink* itself = nullptr;
  ListenerSink sink(BatchesOf(milliseconds(0)), &recorder, Callbacks([&] { itself->Close(); }));
  itself = &sink;
  sink.Start();
  sink.Consume(Finished(0));
  sink.Consume(EndOfStream());
  sink.Join();
  EXPECT_EQ(recorder.Copy().frames.size(), 1U);
}

TEST(ListenerSink, HandsOverEachFrameOnceHoweverManyThreadsBringThem) {
  constexpr std::uint64_t kEach = 500;
  constexpr std::uint64_t kThreads = 4;
  Recorder recorder;
  ListenerSink sink(BatchesOf(milliseconds(1)), &recorder, Callbacks());
  sink.Start();
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&sink, thread] {
      for (std::uint64_t i = 0; i < kEach; ++i) sink.Consume(Finished(thread * kEach + i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  sink.Close();
  sink.Join();
  std::vector<std::uint64_t> indices;
  for (const FrameResult& frame : recorder.Copy().frames) indices.push_back(frame.id.index);
  std::sort(indices.begin(), indices.end());
  std::vector<std::uint64_t> expected(kThreads * kEach);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(indices, expected);
}

}  // namespace
}  // namespace jetfleet
