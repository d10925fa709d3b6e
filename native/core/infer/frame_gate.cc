#include "core/infer/frame_gate.h"

#include <utility>

namespace jetfleet {

Skip FrameGate::Look(const Frame& frame, int interval) {
  const bool same_size = std::exchange(size_, frame.result.size) == frame.result.size;
  const bool wanted = wanted_.exchange(false) || !same_size;
  if (!wanted && ++since_ < interval) return Skip::kInterval;
  since_ = 0;
  return Skip::kNo;
}

}  // namespace jetfleet
