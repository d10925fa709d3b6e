#pragma once

#include <memory>
#include <string>
#include <vector>

namespace jetfleet {

/// What a secondary model answered to one crop.
struct Answer {
  /// Of a classifier; empty where it was sure enough of none.
  std::string label;
  float score = 0;
  /// Of re-identification, of length 1; else empty.
  std::vector<float> vector;
};

/// What a frame tells of one of its tracks.
struct TrackAttribute {
  int track_id = 0;
  /// Of the secondary model.
  std::shared_ptr<const std::string> name;
  std::shared_ptr<const Answer> answer;
};

}  // namespace jetfleet
