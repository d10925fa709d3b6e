#include "core/media/capture_clock.h"

#include <algorithm>
#include <cmath>

namespace jetfleet {
namespace {

/// Seconds from 1900, where NTP begins, to 1970.
constexpr double kNtpToUnix = 2'208'988'800.0;
constexpr std::uint8_t kSenderReport = 200;
constexpr std::size_t kReportBytes = 28;
/// Clocks kept by NTP agree far better; a report may have waited for a stalled connection.
constexpr double kAheadMs = 1000;
constexpr double kBehindMs = 5000;
/// A connection may stall for some seconds without making the clocks look apart.
constexpr Clock::duration kSpan = std::chrono::seconds(30);
/// Steady clock and time of day drift apart by less, unless somebody sets the latter.
constexpr double kSetMs = 500;

bool Apart(double offset_ms) { return offset_ms < -kAheadMs || offset_ms > kBehindMs; }

std::uint32_t Word(const std::uint8_t* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

}  // namespace

std::optional<SenderReport> ParseSenderReport(const std::uint8_t* data, std::size_t size) {
  std::size_t at = 0;
  while (size - at >= 4) {
    const std::uint8_t* packet = data + at;
    const std::size_t bytes = (static_cast<std::size_t>(packet[2] << 8 | packet[3]) + 1) * 4;
    if (packet[0] >> 6 != 2 || bytes > size - at) return std::nullopt;
    if (packet[1] == kSenderReport && bytes >= kReportBytes) {
      const double fraction = Word(packet + 12) / 4'294'967'296.0;
      return SenderReport{(Word(packet + 8) - kNtpToUnix + fraction) * 1000, Word(packet + 16)};
    }
    at += bytes;
  }
  return std::nullopt;
}

void CaptureClock::OnReport(const SenderReport& report, double now_ms) {
  report_ = report;
  offset_ms_ = now_ms - report.epoch_ms;
}

bool CaptureClock::disagrees() const { return offset_ms_ && Apart(*offset_ms_); }

std::optional<double> CaptureClock::CapturedAtMs(std::uint32_t rtp_time) const {
  if (!report_ || disagrees()) return std::nullopt;
  // Wraps every few hours; the nearer way round is meant.
  const auto ticks = static_cast<std::int32_t>(rtp_time - report_->rtp_time);
  return report_->epoch_ms + ticks * 1000.0 / clock_rate_;
}

double WallClockMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

std::optional<double> CaptureDelay::WayMs(double captured_ms, TimePoint arrival, double wall_ms) {
  const double base_ms = wall_ms - FrameTrace::Ms(arrival.time_since_epoch());
  if (!base_ms_ || std::abs(base_ms - *base_ms_) > kSetMs) {
    quickest_ms_ = former_ms_ = kNone;
    since_ = arrival;
  }
  // Followed step by step, for a clock that is slewed is not set.
  base_ms_ = base_ms;
  if (arrival - since_ > kSpan) {
    former_ms_ = quickest_ms_;
    quickest_ms_ = kNone;
    since_ = arrival;
  }
  const double way_ms = wall_ms - captured_ms;
  quickest_ms_ = std::min(quickest_ms_, way_ms);
  if (Apart(offset_ms())) return std::nullopt;
  return std::max(0.0, way_ms);
}

}  // namespace jetfleet
