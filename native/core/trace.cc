#include "core/trace.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace jetfleet {

StageId StageTable::Add(const std::string& name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found != names_.end()) return static_cast<StageId>(found - names_.begin());
  assert(names_.size() < kMaxStages);
  names_.push_back(name);
  return static_cast<StageId>(names_.size() - 1);
}

void FrameTrace::Record(StageId id, TimePoint start, TimePoint end) {
  start = std::max(start, last_end_);
  end = std::max(end, start);
  entries_[id] = {start - last_end_, end - start};
  last_end_ = end;
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

void Distribution::AddTo(Distribution* other) const {
  other->samples_.insert(other->samples_.end(), samples_.begin(), samples_.end());
}

void StageMeter::Add(double wait_ms, double work_ms) {
  std::lock_guard<std::mutex> lock(mutex_);
  wait_.Add(wait_ms);
  work_.Add(work_ms);
}

StageFigures StageMeter::Take(StageMeter* sum) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (sum != nullptr) {
    const std::lock_guard<std::mutex> sum_lock(sum->mutex_);
    wait_.AddTo(&sum->wait_);
    work_.AddTo(&sum->work_);
  }
  StageFigures figures;
  figures.frames = wait_.count();
  figures.wait_ms = wait_.Take();
  figures.work_ms = work_.Take();
  return figures;
}

}  // namespace jetfleet
