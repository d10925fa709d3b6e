#include "core/queue.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace jetfleet {
namespace {

using IntQueue = BoundedQueue<int>;

TEST(Queue, DropsTheOldestWhenFullAndCountsIt) {
  IntQueue queue(2, Overflow::kDropOldest);
  for (int i = 1; i <= 4; ++i) EXPECT_TRUE(queue.Push(i));
  const QueueLevels levels = queue.TakeLevels();
  EXPECT_EQ(levels.level, 2U);
  EXPECT_EQ(levels.max, 2U);
  EXPECT_EQ(levels.drops, 2U);
  EXPECT_EQ(levels.drops_total, 2U);
  int item = 0;
  EXPECT_EQ(queue.Pop(&item), IntQueue::PopResult::kItem);
  EXPECT_EQ(item, 3);
}

TEST(Queue, CountsDropsOfTheIntervalAndInTotal) {
  IntQueue queue(1, Overflow::kDropOldest);
  queue.Push(1);
  queue.Push(2);
  queue.TakeLevels();
  queue.Push(3);
  const QueueLevels levels = queue.TakeLevels();
  EXPECT_EQ(levels.drops, 1U);
  EXPECT_EQ(levels.drops_total, 2U);
}

TEST(Queue, HoldsMoreForAWhileAndIsShortAgainAfterwards) {
  IntQueue queue(1, Overflow::kDropOldest);
  queue.Stretch(2, IntQueue::Clock::time_point::max());
  for (int i = 1; i <= 4; ++i) queue.Push(i);
  EXPECT_EQ(queue.TakeLevels().drops_total, 1U);
  EXPECT_EQ(queue.TakeLevels().capacity, 3U);
  queue.Stretch(2, IntQueue::Clock::now());
  queue.Push(5);
  const QueueLevels levels = queue.TakeLevels();
  EXPECT_EQ(levels.level, 1U);
  EXPECT_EQ(levels.capacity, 1U);
  EXPECT_EQ(levels.drops_total, 4U);
  int item = 0;
  queue.Pop(&item);
  EXPECT_EQ(item, 5);
}

TEST(Queue, LetsGoFirstOfWhatCanBeSpared) {
  IntQueue queue(3, Overflow::kDropOldest, [](const int& item) { return item % 2 == 1; });
  for (const int item : {2, 1, 4, 6}) queue.Push(item);
  queue.Push(3);
  std::vector<int> left(3);
  for (int& item : left) queue.Pop(&item);
  EXPECT_EQ(left, (std::vector<int>{2, 4, 6})) << "1 went for 6, and 3 found no room";
  for (const int item : {2, 4, 6, 8}) queue.Push(item);
  queue.Pop(left.data());
  EXPECT_EQ(left[0], 4) << "none can be spared";
  EXPECT_EQ(queue.TakeLevels().drops_total, 3U);
}

TEST(Queue, HoldsTheProducerUpWhenBlocking) {
  IntQueue queue(1, Overflow::kBlock);
  queue.Push(1);
  auto second = std::async(std::launch::async, [&] { return queue.Push(2); });
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  int item = 0;
  queue.Pop(&item);
  EXPECT_TRUE(second.get());
  queue.Pop(&item);
  EXPECT_EQ(item, 2);
  EXPECT_EQ(queue.TakeLevels().drops_total, 0U);
}

TEST(Queue, WakesProducerAndConsumerWhenClosed) {
  IntQueue full(1, Overflow::kBlock);
  full.Push(1);
  auto producer = std::async(std::launch::async, [&] { return full.Push(2); });
  IntQueue empty(1, Overflow::kBlock);
  auto consumer = std::async(std::launch::async, [&] {
    int item = 0;
    return empty.Pop(&item);
  });
  full.Close();
  empty.Close();
  EXPECT_FALSE(producer.get());
  EXPECT_EQ(consumer.get(), IntQueue::PopResult::kClosed);
}

}  // namespace
}  // namespace jetfleet
