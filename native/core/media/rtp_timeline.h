#pragma once

#include <cstdint>
#include <optional>

namespace jetfleet {

/// Presentation times by the camera's RTP clock, which knows how far pictures are apart, held to
/// the arrival times of the jitter buffer, which know of outages. The buffer's own presentation
/// times shake with the network and are wrong for pictures that are sent out of their order.
class RtpTimeline {
 public:
  explicit RtpTimeline(int clock_rate) : clock_rate_(clock_rate) {}

  /// Milliseconds. `pts_ms`: what the jitter buffer says of the packet.
  double Add(std::uint32_t rtp_time, double pts_ms);

 private:
  const int clock_rate_;
  std::optional<std::uint32_t> last_;
  /// Not wrapped.
  double ticks_ = 0;
  double offset_ms_ = 0;
};

}  // namespace jetfleet
