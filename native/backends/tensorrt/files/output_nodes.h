#pragma once

#include <set>
#include <string>

#include "backends/tensorrt/files/onnx_outline.h"

namespace jetfleet {

/// The nodes that multiply by weights last before the model's outputs: what they make is read as it
/// is, as scores and sides of boxes, so their rounding is nobody's to even out. With all weights of
/// our model rounded to INT8 its boxes grow by a pixel and its mean average precision by 3.2 points
/// (40 frames, emulated on ONNX Runtime); with these nodes' left as they are it moves by 0.03.
std::set<std::string> OutputNodes(const OnnxOutline& outline);

}  // namespace jetfleet
