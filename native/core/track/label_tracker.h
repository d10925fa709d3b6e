#pragma once

#include <vector>

#include "core/geometry.h"
#include "core/track/kalman.h"

namespace jetfleet {

struct ByteTrackOptions {
  /// Detections from here on take part in the first association.
  float high_score = 0.6F;
  /// Those between take part in the second, which keeps half-hidden objects alive.
  float low_score = 0.1F;
  /// A new track needs this.
  float new_track_score = 0.7F;
  /// Largest 1 − IoU of a pair, by association: high scores, low scores, tracks seen only once.
  double first_match = 0.9;
  double second_match = 0.5;
  double unconfirmed_match = 0.7;
  /// Weighs IoU with the detection's score in the first association (off for crowds).
  bool fuse_score = true;
  /// Seconds for which a lost track is kept, whatever the camera's rate; two frames at least, where
  /// they come still more seldom.
  double keep_seconds = 1;
  /// Smaller tracks are kept, but not reported. Square pixels.
  float min_box_area = 10;
};

/// Seconds by which time stamps are rounded.
constexpr double kClockGrain = 1e-3;

/// When a frame was taken.
struct FrameTime {
  /// Frames count from 1.
  int frame = 0;
  double seconds = 0;
  /// Since the frame before; 0 for the first.
  double passed = 0;
  /// What lies between two frames when none is missing.
  double interval = 1;
  /// What was not seen for longer is forgotten.
  double keep_seconds = 0;
};

/// ByteTrack (Zhang et al., ECCV 2022) for the objects of one label.
class LabelTracker {
 public:
  explicit LabelTracker(const ByteTrackOptions& options) : options_(options) {}

  void SetOptions(const ByteTrackOptions& options) { options_ = options; }

  /// Tracks that are confirmed and seen in this frame. `next_id` is where new ids come from.
  std::vector<Track> Update(const FrameTime& time, const std::vector<Detection>& detections,
                            int* next_id);

 private:
  enum class State { kTracked, kLost };
  struct Target {
    Target(const BoxFilter& box_filter, const Detection& detection)
        : filter(box_filter), last(detection) {}

    BoxFilter filter;
    Detection last;
    State state = State::kTracked;
    /// Seen twice, or in the first frame. Ids are given then, so that reported ones have no gaps.
    bool confirmed = false;
    int id = 0;
    int first_frame = 0;
    int last_frame = 0;
    double last_seconds = 0;
  };
  using Targets = std::vector<Target>;
  using Pointers = std::vector<Target*>;
  using Detections = std::vector<Detection>;

  void Predict();
  /// Associates, updates what matched, and returns detections and targets that did not.
  /// Boxes are grown by `reach` of their size on each side.
  Detections Match(Pointers* targets, const Detections& detections, double limit, bool fuse,
                   double reach = 0);
  /// After a longer time than usual. How fast a target moves that was seen but once is not known
  /// yet, so it is looked for further away.
  Detections MatchFurtherAway(Targets& targets, const Detections& detections);
  void Seen(Target* target, const Detection& detection) const;
  void StartNew(const Detections& detections);
  void Forget();
  void RemoveDuplicates();

  ByteTrackOptions options_;
  Targets targets_;
  FrameTime now_;
};

}  // namespace jetfleet
