#pragma once

#include <cstddef>
#include <vector>

#include "core/decode/placement.h"
#include "core/geometry.h"

namespace jetfleet {

/// What is compared with one another at most. Far above what a picture holds, it bounds the
/// quadratic step when a broken or adversarial model scores everything high.
constexpr std::size_t kMaxCandidates = 3000;

/// Greedy non-maximum suppression within each label: a box is dropped when it overlaps a better one
/// of its label by more than `max_iou`. What is left is ordered by score, best first; equal scores
/// keep the order of the input, so the outcome is deterministic.
void SuppressNonMaxima(float max_iou, std::vector<Detection>* detections);

/// Merges boxes of a model's input and takes them to the source picture.
void FinishBoxes(float max_iou, const Placement& placement, std::vector<Detection>* detections);

}  // namespace jetfleet
