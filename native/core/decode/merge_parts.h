#pragma once

#include <vector>

#include "core/geometry.h"

namespace jetfleet {

/// What a model saw in one part of a picture, boxes in pixels of the whole.
struct SeenPart {
  Box area;
  std::vector<Detection> boxes;
};

/// Detections of a whole picture from those of its parts, which may overlap: what several parts saw
/// counts once, with the best score it was given. A part sees an object once: its boxes are left as
/// they are, for the model has told them apart already. Best score first; the order of parts does
/// not matter.
///
/// Two boxes of one label are the same object when they overlap by more than `max_iou`, as in
/// non-maximum suppression, or when one ends at an edge that cuts the picture and lies in the other
/// by at least 0.7: that is what was cut off an object which the other part saw more of. Their
/// union would measure little there. 0.7 leaves room for two boxes that are drawn a little
/// differently, and an object that only stands in front of a larger one is rarely cut where it
/// does.
///
/// An object that no part sees most of stays in pieces: parts must overlap by as much as objects
/// are wide.
std::vector<Detection> MergeParts(const std::vector<SeenPart>& parts, Size picture, float max_iou);

}  // namespace jetfleet
