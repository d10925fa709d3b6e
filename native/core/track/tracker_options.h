#pragma once

#include <optional>
#include <string>
#include <vector>

namespace jetfleet {

enum class TrackAlgorithm { kByteTrack, kSort, kOcSort, kIou };

struct TrackerOptions {
  TrackAlgorithm algorithm = TrackAlgorithm::kByteTrack;
  /// Detections from here on are sure of themselves; only ByteTrack takes others.
  float high_score = 0.6F;
  /// Those between keep half-hidden objects of ByteTrack alive.
  float low_score = 0.1F;
  /// ByteTrack's new tracks need this.
  float new_track_score = 0.7F;
  /// ByteTrack's largest 1 − IoU of a pair, by association: high scores, low scores, tracks seen
  /// only once.
  double first_match = 0.9;
  double second_match = 0.4;
  double unconfirmed_match = 0.5;
  /// Weighs IoU with the detection's score wherever scores are high (off for crowds).
  bool fuse_score = true;
  /// Seconds for which a lost track is kept, whatever the camera's rate; two frames at least, where
  /// they come still more seldom. None: 1.5 s for ByteTrack, 1 s for OC-SORT, two frames for SORT
  /// and IOU, as published.
  std::optional<double> keep_seconds;
  /// Smaller tracks are kept, but not reported. Square pixels.
  float min_box_area = 10;
};

/// As a pipeline's specification names them: bytetrack, sort, oc-sort, iou.
std::optional<TrackAlgorithm> TrackAlgorithmOf(const std::string& name);

}  // namespace jetfleet
