#include "core/media/stall_watch.h"

#include <algorithm>

namespace jetfleet {
namespace {

/// Before the first interval is known. A camera that sends a picture every ten seconds is met.
constexpr std::chrono::seconds kUnknown{15};
/// Times the longest of the latest intervals.
constexpr int kTimes = 4;
constexpr std::size_t kIntervals = 8;
constexpr std::chrono::seconds kMost{300};

}  // namespace

void StallWatch::Coded(TimePoint now) {
  if (last_) {
    intervals_.push_back(now - *last_);
    if (intervals_.size() > kIntervals) intervals_.pop_front();
  }
  last_ = now;
}

Clock::duration StallWatch::Patience() const {
  if (fixed_) return *fixed_;
  if (intervals_.empty()) return std::max<Clock::duration>(least_, kUnknown);
  const Clock::duration longest = *std::max_element(intervals_.begin(), intervals_.end());
  return std::clamp<Clock::duration>(longest * kTimes, least_,
                                     std::max<Clock::duration>(least_, kMost));
}

}  // namespace jetfleet
