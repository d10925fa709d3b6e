#include "core/media/frame_log.h"

#include <algorithm>

namespace jetfleet {

void FrameLog::Arrived(Pts pts, TimePoint now, std::optional<FrameTag> tag) {
  std::lock_guard<std::mutex> lock(mutex_);
  AccessUnit unit;
  unit.arrival = unit.decode_start = now;
  unit.tag = tag;
  entries_[pts] = unit;
  // Smallest first: presentation times grow, so what was lost in the decoder is the oldest.
  while (entries_.size() > kMaxEntries) entries_.erase(entries_.begin());
  max_waiting_ = std::max(max_waiting_, ++waiting_);
}

void FrameLog::DecodeStarted(Pts pts, TimePoint now, Clock::duration held_up) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (waiting_ > 0) --waiting_;
  const auto entry = entries_.find(pts);
  if (entry == entries_.end()) return;
  entry->second.decode_start = now;
  entry->second.held_up_before = held_up;
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
  // One more is counted while the parser waits for room, another on its way between queue and
  // decoder.
  const auto in_queue = [](std::size_t count) {
    return std::min<std::size_t>(count, kDecodeQueueCapacity);
  };
  const Levels levels{in_queue(waiting_), in_queue(max_waiting_)};
  max_waiting_ = waiting_;
  return levels;
}

}  // namespace jetfleet
