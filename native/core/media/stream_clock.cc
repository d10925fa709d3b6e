#include "core/media/stream_clock.h"

#include <algorithm>

namespace jetfleet {

double StreamClock::Add(double pts_ms, TimePoint arrival) {
  if (first_) {
    const double passed_ms = live_ ? FrameTrace::Ms(arrival - last_arrival_) : gap_ms_;
    offset_ms_ = (any_ ? last_ms_ + passed_ms : 0) - pts_ms;
  }
  const double now_ms = pts_ms + offset_ms_;
  if (!first_) gap_ms_ = std::max(now_ms - last_ms_, 0.0);
  first_ = false;
  any_ = true;
  last_ms_ = std::max(now_ms, last_ms_);
  last_arrival_ = arrival;
  return now_ms;
}

}  // namespace jetfleet
