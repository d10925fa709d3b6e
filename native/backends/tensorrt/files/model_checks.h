#pragma once

#include <string>
#include <vector>

#include "backends/tensorrt/files/onnx_outline.h"

namespace jetfleet {

/// Something that a model does not have right.
struct ModelProblem {
  bool fatal = false;
  std::string node;
  std::string op;
  std::string message;
};

/// All that TensorRT, of any version, refuses of a quantised model, node by node; and whole numbers
/// of 64 bits that versions before 10 cut to 32. Nothing here depends on the device.
std::vector<ModelProblem> CheckNodes(const OnnxOutline& outline);

/// External data that is not there, too short, or would lead out of the model's folder.
std::vector<ModelProblem> CheckExternalData(const OnnxOutline& outline, const std::string& folder);

}  // namespace jetfleet
