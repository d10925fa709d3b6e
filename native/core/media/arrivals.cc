#include "core/media/arrivals.h"

#include <algorithm>

namespace jetfleet {

Arrivals::Withheld Arrivals::Withhold(std::size_t count) const {
  return {count, begun_ ? DropReason::kCorrupt : DropReason::kBeforeKeyFrame};
}

Arrivals::Withheld Arrivals::Came(Name name) {
  inside_.push_back(name);
  if (inside_.size() <= most_inside_) return {};
  inside_.pop_front();
  return Withhold(1);
}

Arrivals::Name Arrivals::Told(Name name) {
  if (name != GST_CLOCK_TIME_NONE) last_told_ = name;
  return last_told_;
}

Arrivals::Withheld Arrivals::Left(Name told) {
  const Name name = Told(told);
  auto found = std::find(inside_.begin(), inside_.end(), name);
  // Not there is a second part of the picture before, one that the parser gave a time of its own,
  // or one whose first slice it kept.
  if (found == inside_.end() && name != last_left_) found = inside_.begin();
  Withheld withheld;
  if (found != inside_.end()) {
    withheld = Withhold(static_cast<std::size_t>(found - inside_.begin()));
    inside_.erase(inside_.begin(), found + 1);
  }
  last_left_ = name;
  begun_ = true;
  return withheld;
}

Arrivals::Withheld Arrivals::Ended() {
  const Withheld withheld = Withhold(inside_.size());
  inside_.clear();
  return withheld;
}

}  // namespace jetfleet
