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

/// What `place` says of each of them.
template <typename Item, typename Place>
std::vector<Box> BoxesOf(const std::vector<Item>& items, const Place& place) {
  std::vector<Box> boxes;
  boxes.reserve(items.size());
  for (const Item& item : items) boxes.push_back(place(item));
  return boxes;
}
std::vector<Box> BoxesOf(const std::vector<Detection>& detections);

}  // namespace jetfleet
