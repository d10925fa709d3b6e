#include "core/track/tracker.h"

#include <algorithm>
#include <utility>

#include "core/track/byte_track.h"
#include "core/track/oc_sort.h"
#include "core/track/sort.h"

namespace jetfleet {
namespace {

/// Frames for which a track is kept at least: else one that misses a single frame would be lost.
constexpr double kKeepAtLeast = 2;
/// Of the latest frames, to know how often they come.
constexpr std::size_t kIntervals = 30;
/// Seconds; a longer first one is an outage.
constexpr double kFirstInterval = 0.5;
/// Time stamps may come in bursts; no camera is faster.
constexpr double kShortestInterval = 1.0 / 60;

double KeepSeconds(const TrackerOptions& options) {
  switch (options.algorithm) {
    case TrackAlgorithm::kByteTrack:
      return options.keep_seconds.value_or(1.5);
    case TrackAlgorithm::kOcSort:
      return options.keep_seconds.value_or(1);
    case TrackAlgorithm::kSort:
    case TrackAlgorithm::kIou:
      break;
  }
  return options.keep_seconds.value_or(0);
}

std::vector<Track> SortedById(std::vector<Track> tracks) {
  std::sort(tracks.begin(), tracks.end(),
            [](const Track& a, const Track& b) { return a.id < b.id; });
  return tracks;
}

}  // namespace

std::optional<TrackAlgorithm> TrackAlgorithmOf(const std::string& name) {
  if (name == "bytetrack") return TrackAlgorithm::kByteTrack;
  if (name == "sort") return TrackAlgorithm::kSort;
  if (name == "oc-sort") return TrackAlgorithm::kOcSort;
  if (name == "iou") return TrackAlgorithm::kIou;
  return std::nullopt;
}

std::unique_ptr<LabelTracker> MakeLabelTracker(const TrackerOptions& options) {
  switch (options.algorithm) {
    case TrackAlgorithm::kByteTrack:
      return std::make_unique<ByteTrack>(options);
    case TrackAlgorithm::kOcSort:
      return std::make_unique<OcSort>(options);
    case TrackAlgorithm::kSort:
    case TrackAlgorithm::kIou:
      break;
  }
  return std::make_unique<Sort>(options);
}

std::vector<Detection> LabelTracker::SureOf(const std::vector<Detection>& detections) const {
  std::vector<Detection> sure;
  for (const Detection& detection : detections) {
    if (detection.score >= options_.high_score) sure.push_back(detection);
  }
  return sure;
}

Box LabelTracker::Carried(const Box& box, const Box& from, const Box& to) {
  const auto grown = [](float side, float before, float after) {
    return before > 0 ? side * std::max(after, 0.0F) / before : side;
  };
  const float width = grown(box.width, from.width, to.width);
  const float height = grown(box.height, from.height, to.height);
  const double x = box.centre_x() + to.centre_x() - from.centre_x();
  const double y = box.centre_y() + to.centre_y() - from.centre_y();
  return {static_cast<float>(x - width / 2), static_cast<float>(y - height / 2), width, height};
}

void Tracker::Adopt(const TrackerOptions& options, const std::map<int, int>& new_labels) {
  options_ = options;
  std::map<int, std::unique_ptr<LabelTracker>> kept;
  for (auto& [label, tracker] : by_label_) {
    const auto renamed = new_labels.find(label);
    if (renamed == new_labels.end()) continue;
    tracker->SetOptions(options);
    kept.emplace(renamed->second, std::move(tracker));
  }
  by_label_ = std::move(kept);
}

void Tracker::Forget() {
  by_label_.clear();
  shown_.clear();
  intervals_.clear();
}

void Tracker::NoteInterval(double seconds) {
  intervals_.push_back(std::max(seconds, kShortestInterval));
  if (intervals_.size() > kIntervals) intervals_.pop_front();
}

FrameTime Tracker::TimeOf(double seconds) {
  const double keep = KeepSeconds(options_);
  FrameTime now{last_.frame + 1, seconds, 0, last_.interval, keep};
  const double before = std::exchange(told_, seconds);
  if (last_.frame == 0) return now;
  now.passed = std::max(seconds - last_.seconds, 0.0);
  const bool measured = !intervals_.empty();
  NoteInterval(seconds - before);
  // Frames may be missing between any two, so the camera's own interval is the shortest.
  now.interval = *std::min_element(intervals_.begin(), intervals_.end());
  // An outage must not be taken for the usual interval.
  const double usual = measured ? last_.interval : std::min(now.passed, kFirstInterval);
  now.keep_seconds = std::max(keep, kKeepAtLeast * usual);
  // Frames between tell that there was no outage, and it was not for the tracks that nobody looked.
  const bool bridged = before > last_.seconds && seconds - before <= now.keep_seconds + kClockGrain;
  if (bridged) now.keep_seconds = std::max(now.keep_seconds, kKeepAtLeast * now.passed);
  return now;
}

std::vector<Track> Tracker::Update(double seconds, const std::vector<Detection>& detections) {
  const FrameTime now = TimeOf(seconds - held_);
  last_ = now;
  std::map<int, std::vector<Detection>> groups;
  // Labels seen before get their update also when they have no detection now.
  for (const auto& [label, tracker] : by_label_) groups[label];
  for (const Detection& detection : detections) groups[detection.label].push_back(detection);

  std::vector<Track> tracks;
  for (const auto& [label, group] : groups) {
    std::unique_ptr<LabelTracker>& tracker = by_label_[label];
    if (tracker == nullptr) tracker = MakeLabelTracker(options_);
    const std::vector<Track> of_label = tracker->Update(now, group, &next_id_);
    tracks.insert(tracks.end(), of_label.begin(), of_label.end());
  }
  shown_ = SortedById(std::move(tracks));
  return shown_;
}

std::vector<Track> Tracker::Hold(double seconds) {
  held_ = std::max(seconds - told_, held_);
  return shown_;
}

std::vector<Track> Tracker::Foresee(double seconds) {
  seconds -= held_;
  if (last_.frame > 0 && seconds > told_) NoteInterval(seconds - std::exchange(told_, seconds));
  std::vector<Track> tracks;
  for (const auto& [label, tracker] : by_label_) {
    const auto of_label =
        tracker->Foresee(last_.frame, std::max(seconds - last_.seconds, 0.0), last_.interval);
    tracks.insert(tracks.end(), of_label.begin(), of_label.end());
  }
  shown_ = SortedById(std::move(tracks));
  return shown_;
}

}  // namespace jetfleet
