#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace jetfleet {

/// A node that was left in float32, and why.
struct KeptNode {
  std::string name;
  std::string op;
  std::string why;
};

/// A model of float32 whose weights and activations are float16. Its inputs and outputs are what
/// they were: casts stand behind the first and before the second, and around each node that is
/// kept.
struct HalfModel {
  /// An ONNX file.
  std::string bytes;
  std::vector<KeptNode> kept;
  std::size_t converted = 0;
};

/// For libraries that compute in a model's own types. `keep`: names of nodes to be left in float32.
/// Throws Failure (half_plan.h says for what).
HalfModel HalfModelOf(const void* bytes, std::size_t size, const std::set<std::string>& keep);

}  // namespace jetfleet
