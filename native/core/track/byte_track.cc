#include "core/track/byte_track.h"

#include <algorithm>
#include <utility>

namespace jetfleet {
namespace {

/// Frames for which a track is kept at least: else one that misses a single frame would be lost.
constexpr double kKeepAtLeast = 2;
/// Of the latest frames, to know how often they come.
constexpr std::size_t kIntervals = 30;
/// Time stamps may come in bursts; no camera is faster.
constexpr double kShortestInterval = 1.0 / 60;

}  // namespace

void ByteTracker::Adopt(const ByteTrackOptions& options, const std::map<int, int>& new_labels) {
  options_ = options;
  std::map<int, LabelTracker> kept;
  for (auto& [label, tracker] : by_label_) {
    const auto renamed = new_labels.find(label);
    if (renamed == new_labels.end()) continue;
    tracker.SetOptions(options);
    kept.emplace(renamed->second, std::move(tracker));
  }
  by_label_ = std::move(kept);
}

void ByteTracker::Forget() {
  by_label_.clear();
  intervals_.clear();
}

FrameTime ByteTracker::TimeOf(double seconds) {
  FrameTime now{last_.frame + 1, seconds, 0, last_.interval, options_.keep_seconds};
  if (last_.frame == 0) return now;
  now.passed = std::max(seconds - last_.seconds, 0.0);
  const bool measured = !intervals_.empty();
  intervals_.push_back(std::max(now.passed, kShortestInterval));
  if (intervals_.size() > kIntervals) intervals_.pop_front();
  // Frames may be missing between any two, so the camera's own interval is the shortest.
  now.interval = *std::min_element(intervals_.begin(), intervals_.end());
  // An outage must not be taken for the usual interval.
  const double usual = measured ? last_.interval : kClockGrain;
  now.keep_seconds = std::max(options_.keep_seconds, kKeepAtLeast * usual);
  return now;
}

std::vector<Track> ByteTracker::Update(double seconds, const std::vector<Detection>& detections) {
  const FrameTime now = TimeOf(seconds);
  last_ = now;
  std::map<int, std::vector<Detection>> groups;
  // Labels seen before get their update also when they have no detection now.
  for (const auto& [label, tracker] : by_label_) groups[label];
  for (const Detection& detection : detections) groups[detection.label].push_back(detection);

  std::vector<Track> tracks;
  for (const auto& [label, group] : groups) {
    auto found = by_label_.try_emplace(label, options_).first;
    const std::vector<Track> of_label = found->second.Update(now, group, &next_id_);
    tracks.insert(tracks.end(), of_label.begin(), of_label.end());
  }
  std::sort(tracks.begin(), tracks.end(),
            [](const Track& a, const Track& b) { return a.id < b.id; });
  return tracks;
}

}  // namespace jetfleet
