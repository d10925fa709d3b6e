#include <gtest/gtest.h>

#include <random>

#include "core/media/capture_clock.h"
#include "core/media/rtp_timeline.h"
#include "core/media/stall_watch.h"
#include "core/media/stream_clock.h"
#include "core/pipeline_stats.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(StreamClock, TellsAnOutageOfALiveSourceAsLongAsItWas) {
  StreamClock clock(true);
  const TimePoint start = Clock::now();
  EXPECT_EQ(clock.Add(700, start), 0);
  EXPECT_EQ(clock.Add(740, start + milliseconds(40)), 40);
  clock.Restart();
  EXPECT_NEAR(clock.Add(3, start + milliseconds(18'040)), 18'040, 0.01);
  EXPECT_NEAR(clock.Add(43, start + milliseconds(18'090)), 18'080, 0.01);
}

TEST(StreamClock, LetsRoundsOfAFileFollowAtItsOwnPace) {
  StreamClock clock(false);
  const TimePoint start = Clock::now();
  clock.Add(0, start);
  clock.Add(40, start);
  clock.Restart();
  EXPECT_EQ(clock.Add(0, start + seconds(9)), 80);
}

TEST(RtpTimeline, FollowsTheRtpClockThroughReorderingJitterAndWrap) {
  RtpTimeline timeline(90'000);
  std::mt19937 random(4);
  const double first = timeline.Add(4'294'960'000U, 500);
  for (int picture = 1; picture < 200; ++picture) {
    // Every third comes before the two that are shown first.
    const int shown = picture % 3 == 1 ? picture + 2 : picture - 1;
    const double shake = static_cast<double>(random() % 30);
    const double pts = timeline.Add(4'294'960'000U + static_cast<std::uint32_t>(shown) * 3600U,
                                    500 + shown * 40.0 + shake);
    EXPECT_NEAR(pts - first, shown * 40.0, 20) << picture;
  }
}

TEST(RtpTimeline, GoesWithArrivalWhenTheRtpClockIsSetAnewOrStoodStill) {
  RtpTimeline timeline(90'000);
  timeline.Add(1000, 0);
  EXPECT_NEAR(timeline.Add(1000 + 3600, 5000), 5000, 1) << "stood still for five seconds";
  EXPECT_NEAR(timeline.Add(2'000'000'000U, 5040), 5040, 1) << "set anew";
  EXPECT_NEAR(timeline.Add(2'000'003'600U, 5080), 5080, 1);
}

TEST(StallWatch, WaitsByWhatTheCameraDidSoFar) {
  StallWatch watch(std::nullopt, seconds(5));
  EXPECT_EQ(watch.Patience(), seconds(15)) << "nothing is known";
  TimePoint now = Clock::now();
  watch.Coded(now);
  EXPECT_EQ(watch.Patience(), seconds(15)) << "one picture says nothing";
  watch.Coded(now + milliseconds(40));
  EXPECT_EQ(watch.Patience(), seconds(5));
  watch.Coded(now + seconds(7));
  EXPECT_GT(watch.Patience(), seconds(27)) << "pictures every seven seconds";
  watch.Connected();
  watch.Coded(now + seconds(60));
  EXPECT_LT(watch.Patience(), seconds(40)) << "an outage is no interval";
  const StallWatch fixed(milliseconds(800), seconds(5));
  EXPECT_EQ(fixed.Patience(), milliseconds(800));
}

std::vector<std::uint8_t> Report(double epoch_s, std::uint32_t rtp_time) {
  std::vector<std::uint8_t> bytes = {0x80, 200, 0, 6, 1, 2, 3, 4};
  const auto put = [&](std::uint32_t word) {
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  };
  put(static_cast<std::uint32_t>(epoch_s + 2'208'988'800.0));
  put(static_cast<std::uint32_t>((epoch_s - std::floor(epoch_s)) * 4'294'967'296.0));
  put(rtp_time);
  put(0);
  put(0);
  return bytes;
}

TEST(CaptureClock, GoesFromRtpTimesToTheCamerasClockOverTheirWrap) {
  CaptureClock clock(90'000);
  EXPECT_FALSE(clock.CapturedAtMs(5).has_value());
  const auto bytes = Report(1'700'000'000.5, 0xfffffff0U);
  const auto report = ParseSenderReport(bytes.data(), bytes.size());
  ASSERT_TRUE(report.has_value());
  clock.OnReport(*report, 1'700'000'000'530);
  EXPECT_NEAR(*clock.offset_ms(), 30, 1);
  EXPECT_NEAR(*clock.CapturedAtMs(0xfffffff0U + 9000), 1'700'000'000'600.0, 0.1);
  EXPECT_NEAR(*clock.CapturedAtMs(0xfffffff0U - 9000), 1'700'000'000'400.0, 0.1);
}

TEST(CaptureClock, DoesNotBelieveAClockThatDisagrees) {
  for (const double off_ms : {-3'600'000.0, -1500.0, 6000.0, 1.0e12}) {
    CaptureClock clock(90'000);
    clock.OnReport({1'700'000'000'000.0, 0}, 1'700'000'000'000.0 + off_ms);
    EXPECT_TRUE(clock.disagrees()) << off_ms;
    EXPECT_FALSE(clock.CapturedAtMs(0).has_value());
    EXPECT_EQ(*clock.offset_ms(), off_ms);
  }
}

/// A picture every 40 ms, as a camera and a device see it whose clocks may be set.
class Journey {
 public:
  std::optional<double> Next(double way_ms, double camera_off_ms = 0, double device_off_ms = 0) {
    steady_ms_ += 40;
    const TimePoint arrival{std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double, std::milli>(steady_ms_))};
    const double now_ms = 1'700'000'000'000.0 + steady_ms_;
    return delay_.WayMs(now_ms - way_ms + camera_off_ms, arrival, now_ms + device_off_ms);
  }
  double offset_ms() const { return delay_.offset_ms(); }

 private:
  CaptureDelay delay_;
  double steady_ms_ = 1000;
};

constexpr double kHour = 3'600'000;

TEST(CaptureDelay, IsTheWayWhileTheClocksAgreeAndNeverNegative) {
  Journey journey;
  EXPECT_NEAR(*journey.Next(30), 30, 0.01);
  EXPECT_NEAR(*journey.Next(400), 400, 0.01);
  EXPECT_EQ(*journey.Next(20, 70), 0) << "a camera 70 ms ahead";
  EXPECT_NEAR(*journey.Next(8000), 8000, 0.01) << "a stall is a long way, not another clock";
}

TEST(CaptureDelay, IsUnknownAcrossClocksThatDisagreeWithTheOffsetNamed) {
  for (const double off_ms : {-kHour, kHour, 1500.0, -6000.0, 1.0e12}) {
    Journey journey;
    for (int picture = 0; picture < 100; ++picture) {
      ASSERT_FALSE(journey.Next(30, off_ms).has_value()) << off_ms;
    }
    EXPECT_NEAR(journey.offset_ms(), 30 - off_ms, 0.5);
  }
}

TEST(CaptureDelay, HearsAClockOfThisDeviceThatIsSetAtOnceEitherWay) {
  for (const double step_ms : {5 * kHour, -5 * kHour}) {
    Journey journey;
    for (int picture = 0; picture < 50; ++picture) journey.Next(30);
    EXPECT_FALSE(journey.Next(30, 0, step_ms).has_value()) << "no latency of five hours";
    EXPECT_FALSE(journey.Next(30, 0, step_ms).has_value());
    EXPECT_NEAR(*journey.Next(30), 30, 0.01) << "set right again";
  }
}

TEST(CaptureDelay, HearsAClockOfTheCameraThatIsSet) {
  Journey journey;
  for (int picture = 0; picture < 50; ++picture) journey.Next(30);
  EXPECT_FALSE(journey.Next(30, kHour).has_value());
  for (int picture = 0; picture < 1600; ++picture) journey.Next(30, kHour);
  for (int picture = 0; picture < 1600; ++picture) journey.Next(30);
  EXPECT_NEAR(*journey.Next(30), 30, 0.01);
}

TEST(OutputMeter, TellsTheLatencyFromCaptureOnlyWhereEveryFrameHasIt) {
  for (const bool all : {true, false}) {
    OutputMeter meter;
    for (int at = 0; at < 10; ++at) {
      Frame frame;
      frame.trace = FrameTrace(Clock::now());
      if (all || at > 0) frame.result.way_ms = 250;
      meter.Add(frame);
    }
    const OutputFigures report = meter.Take(Clock::now());
    EXPECT_EQ(report.latency_from_capture, all);
    EXPECT_EQ(report.latency_ms->p95 >= 250, all);
  }
}

TEST(CaptureClock, ReadsNothingFromHostilePackets) {
  auto bytes = Report(1'700'000'000, 1);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ParseSenderReport(bytes.data(), size).has_value()) << size;
  }
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    ParseSenderReport(bytes.data(), bytes.size());
  }
}

}  // namespace
}  // namespace jetfleet
