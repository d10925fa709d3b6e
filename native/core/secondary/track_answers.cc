#include "core/secondary/track_answers.h"

#include <utility>

namespace jetfleet {

bool TrackAnswers::Begin(int track, double seconds) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [at, is_new] = entries_.try_emplace(track);
  Entry& entry = at->second;
  if (is_new) entry.shown = seconds;
  const bool is_old = refresh_seconds_ && seconds - entry.looked >= *refresh_seconds_;
  if (entry.asked || (entry.answer != nullptr && !is_old)) return false;
  entry.asked = true;
  entry.looked = seconds;
  return true;
}

void TrackAnswers::GiveUp(int track) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(track);
  if (found == entries_.end()) return;
  found->second.asked = false;
  // An answer that was to be refreshed stays due.
  if (refresh_seconds_) found->second.looked -= *refresh_seconds_;
}

void TrackAnswers::Put(int track, std::shared_ptr<const Answer> answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(track);
  if (found == entries_.end()) return;
  found->second.asked = false;
  found->second.told = false;
  found->second.answer = std::move(answer);
}

std::shared_ptr<const Answer> TrackAnswers::Tell(int track, double seconds) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(track);
  if (found == entries_.end()) return nullptr;
  Entry& entry = found->second;
  entry.shown = seconds;
  if (entry.answer == nullptr) return nullptr;
  if (!entry.answer->label.empty()) return entry.answer;
  const bool told = std::exchange(entry.told, true);
  return told || entry.answer->vector.empty() ? nullptr : entry.answer;
}

void TrackAnswers::Prune(double seconds, double keep_seconds) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    at = seconds - at->second.shown > keep_seconds ? entries_.erase(at) : std::next(at);
  }
}

}  // namespace jetfleet
