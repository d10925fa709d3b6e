#pragma once

#include <vector>

#include "core/track/area_filter.h"
#include "core/track/label_tracker.h"

namespace jetfleet {

/// SORT (Bewley et al., ICIP 2016), and the IOU tracker (Bochinski et al., AVSS 2017), which is the
/// same without a motion model: it looks for an object where it was seen last.
class Sort : public LabelTracker {
 public:
  using LabelTracker::LabelTracker;

  std::vector<Track> Update(const FrameTime& time, const std::vector<Detection>& detections,
                            int* next_id) override;
  std::vector<Track> Foresee(int frame, double seconds, double interval) const override;

 private:
  struct Target {
    AreaFilter filter;
    /// Where it is expected now.
    Box expected;
    Detection last;
    int last_frame;
    double last_seconds;
    /// Times it was seen again without a gap.
    int streak = 0;
    int id = 0;
    /// When it was reported last.
    int shown_frame = 0;
  };

  bool moves() const { return options().algorithm == TrackAlgorithm::kSort; }
  void Predict(const FrameTime& now);
  void Match(const FrameTime& now, const std::vector<Detection>& detections);

  std::vector<Target> targets_;
};

}  // namespace jetfleet
