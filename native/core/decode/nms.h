#pragma once

#include <vector>

#include "core/geometry.h"

namespace jetfleet {

/// Greedy non-maximum suppression within each label: a box is dropped when it overlaps a better one
/// of its label by more than `max_iou`. What is left is ordered by score, best first; equal scores
/// keep the order of the input, so the outcome is deterministic.
void SuppressNonMaxima(float max_iou, std::vector<Detection>* detections);

}  // namespace jetfleet
