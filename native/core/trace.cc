#include "core/trace.h"

#include <algorithm>
#include <cmath>

namespace jetfleet {

const char* StageName(StageId id) {
  constexpr std::array<const char*, kStageCount> kNames = {"decode", "preprocess", "detect",
                                                           "track", "publish"};
  return kNames[static_cast<std::size_t>(id)];
}

void FrameTrace::Record(StageId id, TimePoint start, TimePoint end) {
  start = std::max(start, last_end_);
  end = std::max(end, start);
  entries_[static_cast<std::size_t>(id)] = {start - last_end_, end - start};
  last_end_ = end;
}

double FrameTrace::WaitMs(StageId id) const {
  return Ms(entries_[static_cast<std::size_t>(id)].wait);
}

double FrameTrace::WorkMs(StageId id) const {
  return Ms(entries_[static_cast<std::size_t>(id)].work);
}

std::optional<Percentiles> Distribution::Take() {
  if (samples_.empty()) return std::nullopt;
  std::sort(samples_.begin(), samples_.end());
  const auto rank = [this](double share) {
    const auto n = static_cast<double>(samples_.size());
    return samples_[static_cast<std::size_t>(std::max(0.0, std::ceil(share * n) - 1))];
  };
  const Percentiles result{rank(0.50), rank(0.95), rank(0.99), samples_.back()};
  samples_.clear();
  return result;
}

void StageMeter::Add(double wait_ms, double work_ms) {
  std::lock_guard<std::mutex> lock(mutex_);
  wait_.Add(wait_ms);
  work_.Add(work_ms);
}

StageFigures StageMeter::Take() {
  std::lock_guard<std::mutex> lock(mutex_);
  StageFigures figures;
  figures.frames = wait_.count();
  figures.wait_ms = wait_.Take();
  figures.work_ms = work_.Take();
  return figures;
}

}  // namespace jetfleet
