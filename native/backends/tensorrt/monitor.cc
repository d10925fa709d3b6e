#include "backends/tensorrt/monitor.h"

#if JF_TRT_PROGRESS

#include <algorithm>

namespace jetfleet::tensorrt {
namespace {

/// A build takes minutes, and writing what it found milliseconds.
constexpr std::chrono::seconds kBetweenSaves{5};

}  // namespace

void Monitor::phaseStart(const char* phase, const char* parent, std::int32_t steps) noexcept {
  try {
    const std::lock_guard<std::mutex> lock(mutex_);
    phases_[phase] = {parent == nullptr ? "" : parent, std::max(steps, 1), 0};
    Tell(phase);
  } catch (...) {  // progress is not worth a build
    return;
  }
}

bool Monitor::stepComplete(const char* phase, std::int32_t step) noexcept {
  try {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = phases_.find(phase);
    if (found != phases_.end()) {
      found->second.done = std::clamp(step + 1, found->second.done, found->second.steps);
      Tell(phase);
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - saved_ >= kBetweenSaves) {
      save_();
      saved_ = std::chrono::steady_clock::now();
    }
    return !listener_->Cancelled();
  } catch (...) {
    return true;
  }
}

void Monitor::phaseFinish(const char* phase) noexcept {
  try {
    const std::lock_guard<std::mutex> lock(mutex_);
    phases_.erase(phase);
  } catch (...) {
    return;
  }
}

void Monitor::Tell(const std::string& phase) {
  // From the innermost outwards: each phase is the step under way of the one that it lies in.
  double inside = 0;
  std::string name = phase;
  for (auto at = phases_.find(name); at != phases_.end(); at = phases_.find(name)) {
    const Phase& now = at->second;
    inside = std::min((now.done + inside) / now.steps, 1.0);
    name = now.parent;
  }
  listener_->Progress(from_ + (to_ - from_) * inside, phase);
}

}  // namespace jetfleet::tensorrt

#endif  // JF_TRT_PROGRESS
