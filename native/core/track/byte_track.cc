#include "core/track/byte_track.h"

#include <algorithm>
#include <utility>

#include "core/track/assignment.h"
#include "core/track/overlaps.h"

namespace jetfleet {
namespace {

/// Of two tracks on one object (1 − IoU below this) the younger goes.
constexpr double kDuplicateDistance = 0.15;
/// A filter's box that overlaps the detection less lags behind it, as it does when an object enters
/// the picture and its shape changes fast: then the detection's is reported.
constexpr double kSmoothedOverlap = 0.65;
/// Detectors of today are surer of where an object is than those that the filter was published for.
constexpr double kDoubt = 0.5;
/// Sizes of itself that an object may move in a second before its speed is known, and at most.
constexpr double kReach = 5;
constexpr double kMaxReach = 1;
/// Seconds in which no object is expected to leave its own place.
constexpr double kUnhurried = 0.04;
/// 1 − IoU of a pair that is looked for further away.
constexpr double kFurtherMatch = 0.7;

/// By so many widths and heights on each side.
std::vector<Box> Grown(std::vector<Box> boxes, double by) {
  for (Box& box : boxes) {
    const float x = box.width * static_cast<float>(by);
    const float y = box.height * static_cast<float>(by);
    box = {box.left - x, box.top - y, box.width + 2 * x, box.height + 2 * y};
  }
  return boxes;
}

}  // namespace

std::vector<Track> ByteTrack::Update(const FrameTime& time,
                                     const std::vector<Detection>& detections, int* next_id) {
  now_ = time;
  Detections high;
  Detections low;
  for (const Detection& detection : detections) {
    if (detection.score >= options().high_score) {
      high.push_back(detection);
    } else if (detection.score > options().low_score) {
      low.push_back(detection);
    }
  }
  // Before anything is matched: after an outage nobody knows who is who.
  Forget();
  Predict();

  // First: sure detections with all confirmed targets, lost ones included.
  Pointers pool;
  Pointers unconfirmed;
  for (Target& target : targets_) (target.confirmed ? pool : unconfirmed).push_back(&target);
  Detections left = Match(&pool, high, options().first_match, options().fuse_score);

  // Second: unsure detections with targets seen in the last frame; a target unmatched twice is
  // lost.
  pool.erase(std::remove_if(pool.begin(), pool.end(),
                            [](const Target* target) { return target->state == State::kLost; }),
             pool.end());
  Match(&pool, low, options().second_match, false);
  for (Target* target : pool) target->state = State::kLost;

  // Third: what is left of the sure ones with targets seen once; those must be seen again at once.
  left = Match(&unconfirmed, left, options().unconfirmed_match, options().fuse_score);
  left = MatchFurtherAway(targets_, left);
  for (Target* target : unconfirmed) {
    if (target->last_frame != now_.frame) target->last_frame = -1;
  }

  StartNew(left);
  Forget();
  RemoveDuplicates();

  std::vector<Track> tracks;
  for (Target& target : targets_) {
    if (!target.confirmed || target.last_frame != now_.frame) continue;
    if (target.filter.box().area() <= options().min_box_area) continue;
    if (target.id == 0) target.id = (*next_id)++;
    target.shown_frame = target.last_frame;
    tracks.push_back({{Shown(target), target.last.score, target.last.label}, target.id});
  }
  return tracks;
}

std::vector<Track> ByteTrack::Foresee(int frame, double seconds, double interval) const {
  std::vector<Track> tracks;
  for (const Target& target : targets_) {
    if (target.shown_frame != frame) continue;
    BoxFilter ahead = target.filter;
    ahead.Predict(seconds, interval);
    const Box box = Carried(Shown(target), target.filter.box(), ahead.box());
    tracks.push_back({{box, target.last.score, target.last.label}, target.id});
  }
  return tracks;
}

Box ByteTrack::Shown(const Target& target) {
  const Box box = target.filter.box();
  return Iou(box, target.last.box) < kSmoothedOverlap ? target.last.box : box;
}

void ByteTrack::Predict() {
  for (Target& target : targets_) {
    if (!target.confirmed) continue;
    if (target.state == State::kLost) target.filter.StopGrowing();
    target.filter.Predict(now_.passed, now_.interval);
  }
}

std::vector<Box> ByteTrack::Expected(const Pointers& targets) {
  return BoxesOf(targets, [](const Target* target) { return target->filter.box(); });
}

ByteTrack::Detections ByteTrack::Match(Pointers* targets, const Detections& detections,
                                       double limit, bool fuse, double reach) {
  PairCosts costs(targets->size(), detections.size(), limit);
  const auto overlaps =
      OverlapsOf(Grown(Expected(*targets), reach), Grown(BoxesOf(detections), reach));
  for (const auto& [row, column, iou] : overlaps) {
    costs.Add(row, column, 1 - (fuse ? iou * detections[column].score : iou));
  }
  const Assignment assignment = Assign(costs);
  for (const auto& [row, column] : assignment.pairs) Seen((*targets)[row], detections[column]);

  *targets = Picked(*targets, assignment.free_rows);
  return Picked(detections, assignment.free_columns);
}

ByteTrack::Detections ByteTrack::MatchFurtherAway(Targets& targets, const Detections& detections) {
  const double longer = now_.passed - kUnhurried;
  if (longer <= kClockGrain) return detections;
  Pointers seen_once;
  for (Target& target : targets) {
    if (target.first_frame == target.last_frame) seen_once.push_back(&target);
  }
  return Match(&seen_once, detections, kFurtherMatch, options().fuse_score,
               std::min(kReach * longer, kMaxReach));
}

void ByteTrack::Seen(Target* target, const Detection& detection) const {
  target->filter.Update(detection.box);
  target->last = detection;
  target->state = State::kTracked;
  target->confirmed = true;
  target->last_frame = now_.frame;
  target->last_seconds = now_.seconds;
}

void ByteTrack::StartNew(const Detections& detections) {
  for (const Detection& detection : detections) {
    if (detection.score < options().new_track_score) continue;
    Target target{BoxFilter(detection.box, kDoubt), detection};
    target.confirmed = now_.frame == 1;
    target.first_frame = now_.frame;
    target.last_frame = now_.frame;
    target.last_seconds = now_.seconds;
    targets_.push_back(target);
  }
}

void ByteTrack::Forget() {
  const auto gone = [this](const Target& target) {
    return target.last_frame < 0 ||
           now_.seconds - target.last_seconds > now_.keep_seconds + kClockGrain;
  };
  targets_.erase(std::remove_if(targets_.begin(), targets_.end(), gone), targets_.end());
}

void ByteTrack::RemoveDuplicates() {
  Pointers tracked;
  Pointers lost;
  for (Target& target : targets_) {
    (target.state == State::kTracked ? tracked : lost).push_back(&target);
  }
  const auto age = [](const Target* target) { return target->last_frame - target->first_frame; };
  for (const auto& [a, b, iou] : OverlapsOf(Expected(tracked), Expected(lost))) {
    if (1 - iou >= kDuplicateDistance) continue;
    (age(tracked[a]) > age(lost[b]) ? lost[b] : tracked[a])->duplicate = true;
  }
  const auto duplicate = [](const Target& target) { return target.duplicate; };
  targets_.erase(std::remove_if(targets_.begin(), targets_.end(), duplicate), targets_.end());
}

}  // namespace jetfleet
