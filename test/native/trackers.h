#pragma once

#include "core/track/tracker.h"

namespace jetfleet {

constexpr TrackAlgorithm kAlgorithms[] = {TrackAlgorithm::kByteTrack, TrackAlgorithm::kSort,
                                          TrackAlgorithm::kOcSort, TrackAlgorithm::kIou};

inline TrackerOptions Of(TrackAlgorithm algorithm) {
  TrackerOptions options;
  options.algorithm = algorithm;
  return options;
}

}  // namespace jetfleet
