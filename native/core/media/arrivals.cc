#include "core/media/arrivals.h"

#include <algorithm>

namespace jetfleet {
namespace {

/// A depayloader and a parser that wait for the beginning of the next picture hold one each; the
/// one that has just come is the third.
constexpr std::size_t kMostInside = 3;

}  // namespace

Arrivals::Withheld Arrivals::Withhold(std::size_t count) const {
  return {count, begun_ ? DropReason::kCorrupt : DropReason::kBeforeKeyFrame};
}

Arrivals::Withheld Arrivals::Came(GstClockTime pts) {
  inside_.push_back(pts);
  if (inside_.size() <= kMostInside) return {};
  inside_.pop_front();
  return Withhold(1);
}

GstClockTime Arrivals::TimeOf(GstClockTime pts) {
  if (GST_CLOCK_TIME_IS_VALID(pts)) last_told_ = pts;
  return last_told_;
}

Arrivals::Withheld Arrivals::Left(GstClockTime told) {
  const GstClockTime pts = TimeOf(told);
  auto found = std::find(inside_.begin(), inside_.end(), pts);
  // Not there is a second part of the picture before, or one that the parser gave a time of its
  // own.
  if (found == inside_.end() && pts != last_left_) found = inside_.begin();
  Withheld withheld;
  if (found != inside_.end()) {
    withheld = Withhold(static_cast<std::size_t>(found - inside_.begin()));
    inside_.erase(inside_.begin(), found + 1);
  }
  last_left_ = pts;
  begun_ = true;
  return withheld;
}

}  // namespace jetfleet
