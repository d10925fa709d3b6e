#pragma once

#include <atomic>

#include "core/frame.h"

namespace jetfleet {

/// Chooses the frames of one source that the model looks at; the tracker tells of the others.
class FrameGate {
 public:
  /// By the source's thread, for each frame in its order. Every `interval`th is looked at, and also
  /// the first one, the first of another size, and the next one after `LookAtNext`.
  Skip Look(const Frame& frame, int interval);

  /// Any thread: something has changed, and the next frame is to tell what comes of it.
  void LookAtNext() { wanted_ = true; }

 private:
  std::atomic<bool> wanted_{true};
  /// Frames since the last one that was looked at.
  int since_ = 0;
  Size size_;
};

}  // namespace jetfleet
