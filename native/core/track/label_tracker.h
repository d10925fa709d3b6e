#pragma once

#include <memory>
#include <vector>

#include "core/geometry.h"
#include "core/track/frame_time.h"
#include "core/track/tracker_options.h"

namespace jetfleet {

/// A tracker of the objects of one label.
class LabelTracker {
 public:
  explicit LabelTracker(const TrackerOptions& options) : options_(options) {}
  virtual ~LabelTracker() = default;
  LabelTracker(const LabelTracker&) = delete;
  LabelTracker& operator=(const LabelTracker&) = delete;

  /// Of the same algorithm.
  void SetOptions(const TrackerOptions& options) { options_ = options; }

  /// Tracks that are sure and seen in this frame. `next_id` is where new ids come from.
  virtual std::vector<Track> Update(const FrameTime& time, const std::vector<Detection>& detections,
                                    int* next_id) = 0;
  /// Where the tracks that the `Update` of number `frame` gave are expected `seconds` later.
  virtual std::vector<Track> Foresee(int frame, double seconds, double interval) const = 0;

 protected:
  const TrackerOptions& options() const { return options_; }
  /// Those that are sure of themselves.
  std::vector<Detection> SureOf(const std::vector<Detection>& detections) const;
  /// A box that goes along with a filter, which moves and changes its size.
  static Box Carried(const Box& box, const Box& from, const Box& to);

 private:
  TrackerOptions options_;
};

std::unique_ptr<LabelTracker> MakeLabelTracker(const TrackerOptions& options);

}  // namespace jetfleet
