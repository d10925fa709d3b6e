#include "core/media/decode_backlog.h"

#include <algorithm>

namespace jetfleet {

void DecodeBacklog::Entered(TimePoint now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  arrivals_.push_back(now);
  max_ = std::max(max_, arrivals_.size());
}

void DecodeBacklog::Left() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!arrivals_.empty()) arrivals_.pop_front();
}

bool DecodeBacklog::Late(TimePoint now) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (arrivals_.empty()) return false;
  return arrivals_.size() >= kLiveCapacity || now - arrivals_.front() > kLongestWait;
}

DecodeBacklog::Levels DecodeBacklog::TakeLevels() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Levels levels{arrivals_.size(), max_};
  max_ = arrivals_.size();
  return levels;
}

}  // namespace jetfleet
