#pragma once

#include <cstddef>
#include <vector>

#include "core/geometry.h"

namespace jetfleet {

struct Overlap {
  std::size_t first;
  std::size_t second;
  /// Above 0.
  float iou;
};

/// Which boxes of two lists share area, by their places in them; ordered by the first, then the
/// second. A box that is no number shares none. Looks only at those that are as far left or right
/// as the widest could reach: 300 objects in a picture are 3,000 pairs rather than 90,000.
std::vector<Overlap> OverlapsOf(const std::vector<Box>& first, const std::vector<Box>& second);

std::vector<Box> BoxesOf(const std::vector<Detection>& detections);

}  // namespace jetfleet
