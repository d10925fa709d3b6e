#include "core/media/decode_backlog.h"

#include <algorithm>
#include <utility>

namespace jetfleet {
namespace {

/// Of a new measurement in the mean.
constexpr int kShare = 8;

}  // namespace

void DecodeBacklog::Entered(TimePoint now, bool entry) {
  const std::lock_guard<std::mutex> lock(mutex_);
  waiting_.push_back({now, entry});
  max_ = std::max(max_, waiting_.size());
}

void DecodeBacklog::Left() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!waiting_.empty()) waiting_.pop_front();
}

bool DecodeBacklog::Take(TimePoint now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (waiting_.empty()) return true;
  const Waiting picture = waiting_.front();
  waiting_.pop_front();
  NoteWork(now, picture.arrival);
  if (now - picture.arrival > Limit(now)) skipping_ = true;
  if (skipping_) {
    overloaded_until_ = now + kOverloadMemory;
    const bool newer = std::any_of(waiting_.begin(), waiting_.end(),
                                   [](const Waiting& later) { return later.entry; });
    if (newer || !picture.entry) {
      // Where nothing waits to begin with, the next that comes must be such.
      restart_ = !newer;
      return false;
    }
    skipping_ = false;
  }
  taken_ = now;
  return true;
}

/// Known when the picture had to wait for the one before.
void DecodeBacklog::NoteWork(TimePoint now, TimePoint arrival) {
  if (skipping_ || taken_ == TimePoint{} || arrival > taken_) return;
  const Clock::duration work = now - taken_;
  work_ = work_ == Clock::duration{} ? work : work_ + (work - work_) / kShare;
}

Clock::duration DecodeBacklog::Limit(TimePoint now) const {
  if (now >= overloaded_until_) return kLongestWait;
  return std::clamp<Clock::duration>(2 * work_, kShortestWait, kLongestWait);
}

bool DecodeBacklog::Full() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.size() >= kLiveCapacity;
}

bool DecodeBacklog::TakeRestart() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(restart_, false);
}

void DecodeBacklog::Clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  waiting_.clear();
  skipping_ = restart_ = false;
  taken_ = {};
}

DecodeBacklog::Levels DecodeBacklog::TakeLevels() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Levels levels{waiting_.size(), max_};
  max_ = waiting_.size();
  return levels;
}

}  // namespace jetfleet
