#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "core/trace.h"

namespace jetfleet {

/// What an RTCP sender report ties together (RFC 3550, 6.4.1).
struct SenderReport {
  /// The sender's wall clock, milliseconds since 1970.
  double epoch_ms = 0;
  std::uint32_t rtp_time = 0;
};

/// The first sender report of a compound packet; nothing when there is none or it is cut short.
std::optional<SenderReport> ParseSenderReport(const std::uint8_t* data, std::size_t size);

/// From RTP times to when pictures were taken, by the camera's own clock. A clock that disagrees
/// with this device's is not believed, but its difference is known.
class CaptureClock {
 public:
  explicit CaptureClock(int clock_rate) : clock_rate_(clock_rate) {}

  /// `now_ms`: this device's wall clock when the report came.
  void OnReport(const SenderReport& report, double now_ms);

  /// Nothing before the first report, and while the camera's clock is not believed.
  std::optional<double> CapturedAtMs(std::uint32_t rtp_time) const;

  /// How far this device's clock is ahead of the camera's, the time a report travels included.
  std::optional<double> offset_ms() const { return offset_ms_; }
  /// A report came, and its clock cannot be this device's.
  bool disagrees() const;

 private:
  const int clock_rate_;
  std::optional<SenderReport> report_;
  std::optional<double> offset_ms_;
};

/// This device's time of day, milliseconds since 1970.
double WallClockMs();

/// How long pictures were on their way from the camera to this device. That is told from the clocks
/// of both, so it is known only while they agree: the quickest picture of the last seconds came
/// neither before it was taken nor long after. A clock of this device that is set begins anew.
class CaptureDelay {
 public:
  /// Of a picture that was taken at `captured_ms` by the camera's clock and came at `arrival`, when
  /// this device's time of day was `wall_ms`. Never negative; nothing while the clocks disagree.
  std::optional<double> WayMs(double captured_ms, TimePoint arrival, double wall_ms);

  /// How far this device's clock is ahead of the camera's, the quickest way included.
  double offset_ms() const { return quickest_ms_ < former_ms_ ? quickest_ms_ : former_ms_; }

 private:
  static constexpr double kNone = std::numeric_limits<double>::infinity();

  /// Time of day less steady clock, by which a clock that is set is noticed.
  std::optional<double> base_ms_;
  TimePoint since_;
  double quickest_ms_ = kNone;
  /// Of the span before that.
  double former_ms_ = kNone;
};

}  // namespace jetfleet
