#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <vector>

#include "core/frame.h"
#include "core/infer/motion_gate.h"

namespace jetfleet {

struct MotionOptions {
  /// Share of the picture, or of one of its regions, from 0 to 1, that must have changed.
  double threshold = 0.001;
  /// By the source's clock; after so long, a picture is looked at whatever it shows.
  std::chrono::milliseconds keep_alive{1000};
};

/// Chooses the frames of one source that the model looks at; the tracker tells of the others.
class FrameGate {
 public:
  /// Before the first frame: from now on, of pictures that show nothing new only some are looked
  /// at.
  void WatchMotion(const MotionOptions& options);

  /// By the source's thread, for each frame in its order. Every `interval`th is looked at that
  /// shows something new, and also the first one, the first of another size, and the next one after
  /// `LookAtNext`.
  Skip Look(const Frame& frame, int interval);

  /// Any thread: something has changed, and the next frame is to tell what comes of it.
  void LookAtNext() { wanted_ = true; }
  /// Any thread: a frame was dropped that was to be looked at, so that what it showed is still new.
  void Lost() { lost_ = true; }
  /// Any thread: whether some object moves, so that every picture shows something new.
  void set_objects_move(bool move) { objects_move_ = move; }
  bool watches_motion() const { return options_.has_value(); }
  /// By the source's thread: true once, when a picture came that the CPU cannot read. It is looked
  /// at, as are all such.
  bool BecameBlind();

 private:
  bool ShowsNothingNew(const Frame& frame, bool wanted);
  /// Whether the model would see something new, in the picture or in any of its regions; nothing
  /// when the CPU cannot read it.
  std::optional<bool> Differs(const Frame& frame);

  std::atomic<bool> wanted_{true};
  std::atomic<bool> lost_{false};
  std::atomic<bool> objects_move_{false};
  /// Frames since the last one that was looked at.
  int since_ = 0;
  Size size_;
  std::optional<MotionOptions> options_;
  /// Of each region, or the whole picture.
  std::vector<MotionGate> motion_;
  /// Time stamp of the last one that was looked at.
  double looked_ms_ = 0;
  bool blind_ = false;
  bool said_blind_ = false;
};

}  // namespace jetfleet
