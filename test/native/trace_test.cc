#include "core/trace.h"

#include <gtest/gtest.h>

#include <random>

namespace jetfleet {
namespace {

TEST(Trace, WaitsAndWorksAddUpToTheTotalWhateverTheTimes) {
  std::mt19937 random(3);
  for (int round = 0; round < 1000; ++round) {
    TimePoint now = Clock::now();
    FrameTrace trace(now);
    double sum = 0;
    for (std::size_t i = 0; i < 5U; ++i) {
      const auto id = static_cast<StageId>(i);
      if (id == 3 && round % 2 == 0) continue;  // a pipeline without tracker
      // Also starts before the end of the stage before, and ends before the start.
      const TimePoint start =
          now + std::chrono::microseconds(random() % 3000) - std::chrono::microseconds(500);
      const TimePoint end =
          start + std::chrono::microseconds(random() % 3000) - std::chrono::microseconds(200);
      trace.Record(id, start, end);
      EXPECT_GE(trace.WaitMs(id), 0);
      EXPECT_GE(trace.WorkMs(id), 0);
      sum += trace.WaitMs(id) + trace.WorkMs(id);
      now = end;
    }
    EXPECT_NEAR(sum, trace.TotalMs(), 1e-6);
  }
}

TEST(Distribution, GivesExactPercentilesByNearestRank) {
  Distribution distribution;
  for (int i = 100; i >= 1; --i) distribution.Add(i);
  const auto percentiles = distribution.Take();
  ASSERT_TRUE(percentiles.has_value());
  EXPECT_EQ(percentiles->p50, 50);
  EXPECT_EQ(percentiles->p95, 95);
  EXPECT_EQ(percentiles->p99, 99);
  EXPECT_EQ(percentiles->max, 100);
  EXPECT_FALSE(distribution.Take().has_value()) << "an interval without samples has no percentiles";
}

TEST(Distribution, OfOneSampleIsThatSample) {
  Distribution distribution;
  distribution.Add(4);
  const auto percentiles = distribution.Take();
  EXPECT_EQ(percentiles->p50, 4);
  EXPECT_EQ(percentiles->p99, 4);
}

}  // namespace
}  // namespace jetfleet
