#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "core/frame.h"
#include "core/track/tracker.h"

namespace jetfleet {

/// ByteTrack lives on detections that the user does not want to see.
constexpr float kTrackerLowScore = 0.1F;

/// The track stage of one source. Follows the model: its threshold, and its labels when it is
/// exchanged.
class Tracking {
 public:
  Tracking(const std::shared_ptr<const ModelProgram>& model, TrackAlgorithm algorithm);

  /// One thread at a time. A frame that no model has looked at gets what the tracker expects, and
  /// the model of the frame before it.
  Status Run(Frame& frame);
  /// Tracks not seen for longer have been given up. For the thread of `Run`.
  double keep_seconds() const { return tracker_.keep_seconds(); }
  /// Any thread.
  int tracks_total() const { return tracks_total_; }
  /// By the thread of `Run`: some object was seen in another place, or for the first time, less
  /// than a second before the last frame that was looked at.
  bool objects_move() const { return last_moved_ > last_looked_ - kUnmoved; }

 private:
  /// Seconds.
  static constexpr double kUnmoved = 1;

  void NoteMoves(double seconds, const std::vector<Track>& tracks);

  TrackAlgorithm algorithm_;
  Tracker tracker_;
  /// What `tracker_` last heard of. The tag alone, so that a former model can be freed.
  std::shared_ptr<const ModelTag> tag_;
  Size size_;
  std::atomic<int> tracks_total_{0};
  /// By track, where it was when it was said to have moved.
  std::map<int, Box> places_;
  double last_moved_ = 0;
  double last_looked_ = 0;
};

}  // namespace jetfleet
