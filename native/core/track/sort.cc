#include "core/track/sort.h"

#include <algorithm>

#include "core/track/assignment.h"
#include "core/track/overlaps.h"

namespace jetfleet {
namespace {

// As published: the least overlap of SORT and of IOU, and how often an object must have been seen
// again before it is reported, but for the first frames of all.
constexpr double kSortOverlap = 0.3;
constexpr double kIouOverlap = 0.5;
constexpr int kSortSightings = 3;
constexpr int kIouSightings = 1;

}  // namespace

std::vector<Track> Sort::Update(const FrameTime& now, const std::vector<Detection>& detections,
                                int* next_id) {
  Predict(now);
  Match(now, SureOf(detections));

  const int sightings = moves() ? kSortSightings : kIouSightings;
  std::vector<Track> tracks;
  for (Target& target : targets_) {
    if (target.last_frame != now.frame) continue;
    if (target.streak < sightings && now.frame > sightings) continue;
    const Box box = moves() ? target.filter.box().value_or(target.last.box) : target.last.box;
    if (box.area() <= options().min_box_area) continue;
    if (target.id == 0) target.id = (*next_id)++;
    target.shown_frame = target.last_frame;
    tracks.push_back({{box, target.last.score, target.last.label}, target.id});
  }
  return tracks;
}

std::vector<Track> Sort::Foresee(int frame, double seconds, double interval) const {
  std::vector<Track> tracks;
  for (const Target& target : targets_) {
    if (target.shown_frame != frame) continue;
    std::optional<Box> box;
    if (moves()) {
      AreaFilter ahead = target.filter;
      ahead.Predict(seconds, interval);
      box = ahead.box();
    }
    tracks.push_back(
        {{box.value_or(target.last.box), target.last.score, target.last.label}, target.id});
  }
  return tracks;
}

void Sort::Predict(const FrameTime& now) {
  const auto gone = [&](Target& target) {
    if (now.seconds - target.last_seconds > now.keep_seconds + kClockGrain) return true;
    if (!moves()) return false;
    target.filter.Predict(now.passed, now.interval);
    const std::optional<Box> box = target.filter.box();
    if (box) target.expected = *box;
    return !box;
  };
  targets_.erase(std::remove_if(targets_.begin(), targets_.end(), gone), targets_.end());
}

void Sort::Match(const FrameTime& now, const std::vector<Detection>& detections) {
  const double limit = 1 - (moves() ? kSortOverlap : kIouOverlap);
  PairCosts costs(targets_.size(), detections.size(), limit);
  const auto expected = BoxesOf(targets_, [](const Target& target) { return target.expected; });
  for (const auto& [row, column, iou] : OverlapsOf(expected, BoxesOf(detections))) {
    costs.Add(row, column, 1 - iou);
  }
  const Assignment assignment = Assign(costs);
  for (const auto& [row, column] : assignment.pairs) {
    Target& target = targets_[row];
    target.filter.Update(detections[column].box);
    target.last = detections[column];
    target.expected = target.last.box;
    target.streak = target.last_frame == now.frame - 1 ? target.streak + 1 : 1;
    target.last_frame = now.frame;
    target.last_seconds = now.seconds;
  }
  for (std::size_t column : assignment.free_columns) {
    const Detection& detection = detections[column];
    targets_.push_back(
        {AreaFilter(detection.box), detection.box, detection, now.frame, now.seconds});
  }
}

}  // namespace jetfleet
