#include "core/infer/frame_gate.h"

#include <utility>

#include "core/region.h"

namespace jetfleet {

void FrameGate::WatchMotion(const MotionOptions& options) {
  options_ = options;
  motion_.clear();
}

Skip FrameGate::Look(const Frame& frame, int interval) {
  const bool same_size = std::exchange(size_, frame.result.size) == frame.result.size;
  const bool wanted = wanted_.exchange(false) || !same_size;
  if (++since_ < interval && !wanted) return Skip::kInterval;
  if (options_ && ShowsNothingNew(frame, wanted)) return Skip::kStill;
  since_ = 0;
  return Skip::kNo;
}

bool FrameGate::ShowsNothingNew(const Frame& frame, bool wanted) {
  const std::optional<bool> differs = Differs(frame);
  blind_ = !differs;
  if (blind_) return false;
  const double passed_ms = frame.result.pts_ms - looked_ms_;
  const bool due = passed_ms >= static_cast<double>(options_->keep_alive.count()) || passed_ms < 0;
  const bool lost = lost_.exchange(false);
  if (!wanted && !*differs && !due && !lost && !objects_move_) return true;
  for (MotionGate& part : motion_) part.Keep();
  looked_ms_ = frame.result.pts_ms;
  return false;
}

std::optional<bool> FrameGate::Differs(const Frame& frame) {
  const std::size_t parts = frame.regions == nullptr ? 1 : frame.regions->size();
  if (motion_.size() != parts) motion_.clear();
  while (motion_.size() < parts) motion_.emplace_back(options_->threshold);
  bool differs = false;
  for (std::size_t i = 0; i < parts; ++i) {
    const SurfaceRef part = frame.regions == nullptr
                                ? frame.surface
                                : PartOf(*frame.surface, (*frame.regions)[i]).surface;
    SurfaceView view;
    if (!part->MapToHost(&view).ok()) return std::nullopt;
    // Each learns from every picture.
    if (motion_[i].Differs(view)) differs = true;
  }
  return differs;
}

bool FrameGate::BecameBlind() { return blind_ && !std::exchange(said_blind_, true); }

}  // namespace jetfleet
