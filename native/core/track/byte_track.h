#pragma once

#include <vector>

#include "core/geometry.h"
#include "core/track/kalman.h"
#include "core/track/label_tracker.h"

namespace jetfleet {

/// ByteTrack (Zhang et al., ECCV 2022) for the objects of one label, with tighter second and
/// third gates than the published ones, and a filter that trusts detections more.
class ByteTrack : public LabelTracker {
 public:
  using LabelTracker::LabelTracker;

  std::vector<Track> Update(const FrameTime& time, const std::vector<Detection>& detections,
                            int* next_id) override;
  std::vector<Track> Foresee(int frame, double seconds, double interval) const override;

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
    /// When it was reported last.
    int shown_frame = 0;
    int first_frame = 0;
    int last_frame = 0;
    double last_seconds = 0;
    bool duplicate = false;
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
  static Box Shown(const Target& target);
  static std::vector<Box> Expected(const Pointers& targets);

  Targets targets_;
  FrameTime now_;
};

}  // namespace jetfleet
