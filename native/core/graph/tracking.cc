#include "core/graph/tracking.h"

#include <algorithm>
#include <map>
#include <utility>

namespace jetfleet {
namespace {

constexpr float kNewTrackMargin = 0.1F;
/// A box that overlaps less with where it was has moved: more than a detector's own wavering.
constexpr float kInPlace = 0.8F;

TrackerOptions OptionsFor(TrackAlgorithm algorithm, float min_score) {
  TrackerOptions options;
  options.algorithm = algorithm;
  options.high_score = min_score;
  options.low_score = std::min(kTrackerLowScore, min_score);
  options.new_track_score = std::min(min_score + kNewTrackMargin, 0.95F);
  return options;
}

/// From the label numbers of one model to those of another, by name.
std::map<int, int> LabelMap(const ModelTag& from, const ModelTag& to) {
  std::map<int, int> map;
  for (std::size_t i = 0; i < from.labels.size(); ++i) {
    const auto found = std::find(to.labels.begin(), to.labels.end(), from.labels[i]);
    if (found == to.labels.end()) continue;
    map[static_cast<int>(i)] = static_cast<int>(found - to.labels.begin());
  }
  return map;
}

}  // namespace

Tracking::Tracking(const std::shared_ptr<const ModelProgram>& model, TrackAlgorithm algorithm)
    : algorithm_(algorithm),
      tracker_(OptionsFor(algorithm, model->min_score())),
      tag_(model->tag()) {}

Status Tracking::Run(Frame& frame) {
  const bool skipped = frame.result.skip != Skip::kNo;
  if (skipped) frame.result.model = tag_;
  if (frame.result.model != tag_) {
    tracker_.Adopt(OptionsFor(algorithm_, frame.model->min_score()),
                   LabelMap(*tag_, *frame.result.model));
    tag_ = frame.result.model;
  }
  if (!(frame.result.size == size_)) tracker_.Forget();
  size_ = frame.result.size;
  const double seconds = frame.result.pts_ms / 1000;
  switch (frame.result.skip) {
    case Skip::kNo:
      frame.result.tracks = tracker_.Update(seconds, frame.candidates);
      NoteMoves(seconds, *frame.result.tracks);
      break;
    case Skip::kInterval:
      frame.result.tracks = tracker_.Foresee(seconds);
      break;
    case Skip::kStill:
      frame.result.tracks = tracker_.Hold(seconds);
      break;
  }
  tracks_total_ = tracker_.tracks_total();
  return Status::Ok();
}

void Tracking::NoteMoves(double seconds, const std::vector<Track>& tracks) {
  std::map<int, Box> places;
  for (const Track& track : tracks) {
    const Box& box = track.detection.box;
    const auto before = places_.find(track.id);
    const bool moved = before == places_.end() || Iou(before->second, box) < kInPlace;
    if (moved) last_moved_ = seconds;
    places[track.id] = moved ? box : before->second;
  }
  places_ = std::move(places);
  last_looked_ = seconds;
}

}  // namespace jetfleet
