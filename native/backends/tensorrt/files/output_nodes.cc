#include "backends/tensorrt/files/output_nodes.h"

#include <map>
#include <vector>

namespace jetfleet {
namespace {

bool MultipliesByWeights(const OnnxNode& node) {
  static const std::set<std::string> kOps = {"Conv", "ConvTranspose", "Gemm", "MatMul"};
  return kOps.count(node.op) != 0;
}

}  // namespace

std::set<std::string> OutputNodes(const OnnxOutline& outline) {
  std::map<std::string, const OnnxNode*> makers;
  for (const OnnxNode& node : outline.nodes) {
    for (const std::string& output : node.outputs) makers[output] = &node;
  }
  std::vector<std::string> tensors;
  tensors.reserve(outline.outputs.size());
  for (const auto& named : outline.outputs) tensors.push_back(named.first);
  std::set<std::string> found;
  std::set<const OnnxNode*> seen;
  while (!tensors.empty()) {
    const auto maker = makers.find(tensors.back());
    tensors.pop_back();
    if (maker == makers.end() || !seen.insert(maker->second).second) continue;
    const OnnxNode& node = *maker->second;
    if (MultipliesByWeights(node)) {
      found.insert(node.name);
    } else {
      tensors.insert(tensors.end(), node.inputs.begin(), node.inputs.end());
    }
  }
  return found;
}

}  // namespace jetfleet
