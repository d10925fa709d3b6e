#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "core/track/area_filter.h"
#include "core/track/assignment.h"
#include "core/track/label_tracker.h"

namespace jetfleet {

/// OC-SORT (Cao et al., CVPR 2023): SORT that trusts what was seen more than what was foretold.
/// Pairs are also judged by whether an object keeps its direction; one that was not foretold is
/// looked for where it was last seen; and when it is found again, its filter is told the straight
/// way between both sightings in place of what it made up meanwhile.
class OcSort : public LabelTracker {
 public:
  using LabelTracker::LabelTracker;

  std::vector<Track> Update(const FrameTime& time, const std::vector<Detection>& detections,
                            int* next_id) override;
  std::vector<Track> Foresee(int frame, double seconds, double interval) const override;

 private:
  struct Sighting {
    double seconds;
    Box box;
  };
  struct Direction {
    double x = 0;
    double y = 0;
  };
  struct Target {
    AreaFilter filter;
    /// As it was after the last sighting.
    AreaFilter seen_filter;
    Box expected;
    Detection last;
    int last_frame;
    /// The latest, the newest last.
    std::deque<Sighting> sightings;
    Direction direction;
    int streak = 0;
    int id = 0;
    /// When it was reported last.
    int shown_frame = 0;
  };
  using Pointers = std::vector<Target*>;
  using Detections = std::vector<Detection>;

  static Direction DirectionFrom(const Box& from, const Box& to);
  /// Where it was a few frames ago, or else when it was seen last.
  static const Box& Before(const Target& target, const FrameTime& now);
  /// How far the way to `box` agrees with the target's direction: 1/2 as it goes, −1/2 against it.
  static double Agreement(const Target& target, const Box& box, const FrameTime& now);

  void Predict(const FrameTime& now);
  /// Pairs what overlaps enough with a target's place; takes what it has paired out of both.
  template <typename Place, typename Bonus>
  void Match(const FrameTime& now, Pointers* targets, Detections* detections, const Place& place,
             const Bonus& bonus);
  static void Seen(Target* target, const Detection& detection, const FrameTime& now);

  std::vector<Target> targets_;
};

}  // namespace jetfleet
