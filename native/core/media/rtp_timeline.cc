#include "core/media/rtp_timeline.h"

#include <cmath>

namespace jetfleet {
namespace {

/// The RTP clock was set anew, or stood still in an outage.
constexpr double kJumpMs = 500;
/// Part of the difference that each picture makes good: clocks drift by less than 0.1 ms a second.
constexpr double kFollow = 0.001;

}  // namespace

double RtpTimeline::Add(std::uint32_t rtp_time, double pts_ms) {
  const bool first = !last_;
  // Pictures sent out of their order go back a little.
  if (last_) ticks_ += static_cast<std::int32_t>(rtp_time - *last_);
  last_ = rtp_time;
  const double rtp_ms = ticks_ * 1000 / clock_rate_;
  const double difference = pts_ms - rtp_ms - offset_ms_;
  offset_ms_ += first || std::abs(difference) > kJumpMs ? difference : difference * kFollow;
  return rtp_ms + offset_ms_;
}

}  // namespace jetfleet
