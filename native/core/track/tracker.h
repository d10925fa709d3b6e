#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "core/geometry.h"
#include "core/track/label_tracker.h"

namespace jetfleet {

/// Trackers of all labels with ids from one sequence, from 1. An object does not change its label.
class Tracker {
 public:
  explicit Tracker(const TrackerOptions& options) : options_(options) {}

  /// For each frame in order, also for frames without detections; `seconds` since any moment, which
  /// only grow. Boxes are the filter's, or the detector's where the filter lags behind; scores are
  /// the detector's. Ordered by id. Objects are moved on by the time that has passed, however many
  /// frames were lost in it, and forgotten after an outage.
  std::vector<Track> Update(double seconds, const std::vector<Detection>& detections);

  /// For a frame that nobody has looked at: where the tracks of the last `Update` are expected,
  /// with the scores that they had then. No track is missed, begun or ended by it, however many
  /// such frames come one after the other.
  std::vector<Track> Foresee(double seconds);

  /// For a frame of which is known that nothing moves in it: what was told of the frame before. For
  /// the tracker, no time passes.
  std::vector<Track> Hold(double seconds);

  /// What is seen next has nothing to do with what was seen before; ids go on.
  void Forget();

  /// For another model from the next frame on: `new_labels` maps old label numbers to new ones.
  /// Tracks go on with their ids; those of a label that has no new number end. The algorithm stays.
  void Adopt(const TrackerOptions& options, const std::map<int, int>& new_labels);

  /// What was not seen for longer is given up, as of the last update.
  double keep_seconds() const { return last_.keep_seconds; }

  /// Distinct tracks reported since the start.
  int tracks_total() const { return next_id_ - 1; }

 private:
  TrackerOptions options_;
  void NoteInterval(double seconds);
  FrameTime TimeOf(double seconds);

  std::map<int, std::unique_ptr<LabelTracker>> by_label_;
  FrameTime last_;
  /// Of the last frame, looked at or not.
  double told_ = 0;
  std::vector<Track> shown_;
  /// Seconds that did not pass.
  double held_ = 0;
  /// Seconds between the latest frames, the newest last.
  std::deque<double> intervals_;
  int next_id_ = 1;
};

}  // namespace jetfleet
