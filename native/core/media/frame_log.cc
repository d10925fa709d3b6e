#include "core/media/frame_log.h"

#include <algorithm>

namespace jetfleet {

void FrameLog::Arrived(Pts pts, TimePoint now, std::optional<FrameTag> tag) {
  std::lock_guard<std::mutex> lock(mutex_);
  entries_[pts] = {now, now, tag, nullptr};
  // Smallest first: presentation times grow, so what was lost in the decoder is the oldest.
  while (entries_.size() > kMaxEntries) entries_.erase(entries_.begin());
  max_waiting_ = std::max(max_waiting_, ++waiting_);
}

void FrameLog::DecodeStarted(Pts pts, TimePoint now) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (waiting_ > 0) --waiting_;
  const auto entry = entries_.find(pts);
  if (entry != entries_.end()) entry->second.decode_start = now;
}

void FrameLog::Decoded(Pts pts, const void* memory) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = entries_.find(pts);
  if (entry != entries_.end()) entry->second.decoded_memory = memory;
}

void FrameLog::Clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  entries_.clear();
  waiting_ = 0;
}

std::optional<AccessUnit> FrameLog::Take(Pts pts) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto entry = entries_.find(pts);
  if (entry == entries_.end()) return std::nullopt;
  const AccessUnit unit = entry->second;
  entries_.erase(entry);
  return unit;
}

FrameLog::Levels FrameLog::TakeLevels() {
  std::lock_guard<std::mutex> lock(mutex_);
  const Levels levels{waiting_, max_waiting_};
  max_waiting_ = waiting_;
  return levels;
}

}  // namespace jetfleet
