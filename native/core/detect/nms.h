#pragma once

#include <vector>

#include "core/geometry.h"

namespace jetfleet {

/// Greedy non-maximum suppression within each label: a box is dropped when it overlaps a better one
/// of its label by more than `max_iou`. The result is ordered by score, best first; equal scores
/// keep the order of the input, so the outcome is deterministic.
std::vector<Detection> SuppressNonMaxima(std::vector<Detection> candidates, float max_iou);

}  // namespace jetfleet
