#include "core/infer/frame_gate.h"

#include <utility>

namespace jetfleet {

void FrameGate::WatchMotion(const MotionOptions& options) {
  motion_.emplace(options.threshold);
  keep_alive_ms_ = static_cast<double>(options.keep_alive.count());
}

Skip FrameGate::Look(const Frame& frame, int interval) {
  const bool same_size = std::exchange(size_, frame.result.size) == frame.result.size;
  const bool wanted = wanted_.exchange(false) || !same_size;
  if (++since_ < interval && !wanted) return Skip::kInterval;
  if (motion_ && ShowsNothingNew(frame, wanted)) return Skip::kStill;
  since_ = 0;
  return Skip::kNo;
}

bool FrameGate::ShowsNothingNew(const Frame& frame, bool wanted) {
  SurfaceView view;
  blind_ = !frame.surface->MapToHost(&view).ok();
  if (blind_) return false;
  const bool differs = motion_->Differs(view);
  const double passed_ms = frame.result.pts_ms - looked_ms_;
  const bool due = passed_ms >= keep_alive_ms_ || passed_ms < 0;
  const bool lost = lost_.exchange(false);
  if (!wanted && !differs && !due && !lost && !objects_move_) return true;
  motion_->Keep();
  looked_ms_ = frame.result.pts_ms;
  return false;
}

bool FrameGate::BecameBlind() { return blind_ && !std::exchange(said_blind_, true); }

}  // namespace jetfleet
