#pragma once

#include <set>
#include <string>
#include <vector>

#include "backends/tensorrt/files/onnx_outline.h"

namespace jetfleet {

/// How a node of a model of float32 fares when the model is converted to float16.
enum class HalfRole {
  kHalf,
  /// It has nothing to do with float32, or makes float32 by its own nature (Cast, Range, …).
  kAsItIs,
  /// Kept in float32, because its range or exactness demands it.
  kKept,
};

struct HalfNode {
  HalfRole role = HalfRole::kHalf;
  /// Of a kept one.
  std::string why;
};

/// Which nodes compute in float16 and which tensors are float32 before conversion.
struct HalfPlan {
  /// In the order of the outline's nodes.
  std::vector<HalfNode> nodes;
  std::set<std::string> floats;
};

/// Kept in float32: what exponentiates, sums up or normalises (a half ends at 65504 and has 11
/// bits), what has a constant beyond a half's range or so small that it would lose its bits, and
/// what `asked` names. Throws Failure JF_UNSUPPORTED for models that are not converted: with graphs
/// inside nodes, with operators of other domains, with values outside the file, or quantised.
HalfPlan PlanHalf(const OnnxOutline& outline, const std::set<std::string>& asked);

/// Whether this input of a half node stays float32 by ONNX's own definition (sizes of a Resize).
bool StaysFloat(const OnnxNode& node, std::size_t input);

}  // namespace jetfleet
