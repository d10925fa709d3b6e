#include "core/infer/slot_queues.h"

#include <gtest/gtest.h>

#include <vector>

#include "made_source.h"

namespace jetfleet {
namespace {

TEST(SlotQueues, GiveEverySourceItsTurn) {
  SlotQueues queues({{4, Overflow::kBlock}, {4, Overflow::kBlock}, {4, Overflow::kBlock}});
  for (const std::uint64_t index : {0U, 1U, 2U}) queues.Push(0, MakeFrame(0, index));
  queues.Push(2, MakeFrame(2, 0));
  std::vector<std::uint32_t> order;
  while (!queues.empty()) order.push_back(queues.PopNext()->result.id.source);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 2, 0, 0}));
  EXPECT_EQ(queues.PopNext(), nullptr);
}

TEST(SlotQueues, AreStretchedForLiveSourcesAlone) {
  SlotQueues queues({{1, Overflow::kDropOldest}, {1, Overflow::kBlock}});
  queues.Push(0, MakeFrame(0, 0));
  queues.Push(1, MakeFrame(1, 0));
  queues.Stretch(3, TimePoint::max());
  EXPECT_FALSE(queues.Full(0));
  EXPECT_TRUE(queues.Full(1));
  EXPECT_EQ(queues.TakeLevels(0).capacity, 4U);
}

TEST(SlotQueues, HoldMoreOfPicturesThatWereScaled) {
  SlotQueues queues({{1, Overflow::kBlock, 1, 3}});
  const auto scaled = [](std::uint64_t index) {
    FramePtr frame = MakeFrame(0, index);
    frame->scaled = std::make_shared<const ScaledFrame>();
    return frame;
  };
  queues.Push(0, scaled(0));
  queues.Push(0, scaled(1));
  EXPECT_FALSE(queues.Full(0));
  queues.Push(0, scaled(2));
  EXPECT_TRUE(queues.Full(0));
  EXPECT_EQ(queues.TakeLevels(0).capacity, 3U);
  // After an exchange for a model that prepares whole pictures itself.
  while (queues.Pop(0) != nullptr) {
  }
  queues.Push(0, MakeFrame(0, 3));
  EXPECT_TRUE(queues.Full(0));
  EXPECT_EQ(queues.TakeLevels(0).capacity, 1U);
}

TEST(SlotQueues, CountDropsOfTheIntervalAndInAll) {
  SlotQueues queues({{1, Overflow::kDropOldest}});
  queues.CountDrop(0);
  queues.CountDrop(0);
  EXPECT_EQ(queues.TakeLevels(0).drops, 2U);
  queues.CountDrop(0);
  const QueueLevels levels = queues.TakeLevels(0);
  EXPECT_EQ(levels.drops, 1U);
  EXPECT_EQ(levels.drops_total, 3U);
}

}  // namespace
}  // namespace jetfleet
