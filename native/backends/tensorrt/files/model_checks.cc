#include "backends/tensorrt/files/model_checks.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>

namespace jetfleet {
namespace {

/// Operators that compute on integers (QOperator form): https://onnx.ai/onnx/operators and ONNX
/// Runtime's contributed ones, which begin with QLinear.
bool ComputesOnIntegers(const OnnxNode& node) {
  static const std::set<std::string> kOthers = {"ConvInteger", "MatMulInteger",
                                                "DynamicQuantizeLinear", "DynamicQuantizeMatMul",
                                                "MatMulIntegerToFloat"};
  return node.op.rfind("QLinear", 0) == 0 || kOthers.count(node.op) != 0;
}

bool IsPair(const OnnxNode& node) {
  return node.op == "QuantizeLinear" || node.op == "DequantizeLinear";
}

/// A zero point other than 0, or that cannot be seen to be 0.
bool IsAsymmetric(const OnnxNode& node, const OnnxOutline& outline, std::string* why) {
  constexpr std::size_t kZeroPoint = 2;
  constexpr std::int32_t kUint8 = 2;
  // Without one TensorRT takes 0, signed.
  if (node.inputs.size() <= kZeroPoint || node.inputs[kZeroPoint].empty()) return false;
  const auto found = outline.constants.find(node.inputs[kZeroPoint]);
  if (found == outline.constants.end()) {
    *why = "its zero point is computed while the model runs";
    return true;
  }
  const auto& values = found->second.whole;
  const auto odd =
      std::find_if(values.begin(), values.end(), [](auto value) { return value != 0; });
  if (odd != values.end()) *why = "its zero point is " + std::to_string(*odd);
  if (found->second.type == kUint8) *why = "its values are unsigned";
  return odd != values.end() || found->second.type == kUint8;
}

bool FitsInt32(std::int64_t value) {
  return value >= std::numeric_limits<std::int32_t>::min() &&
         value <= std::numeric_limits<std::int32_t>::max();
}

/// External paths are relative and stay inside (ONNX's ExternalData.md).
bool StaysInside(const std::string& path) {
  return path[0] != '/' && ("/" + path + "/").find("/../") == std::string::npos &&
         path.find('\0') == std::string::npos;
}

}  // namespace

std::vector<ModelProblem> CheckNodes(const OnnxOutline& outline) {
  std::vector<ModelProblem> problems;
  for (const OnnxNode& node : outline.nodes) {
    std::string why;
    if (ComputesOnIntegers(node)) {
      problems.push_back(
          {true, node.name, node.op,
           "it computes on integers, and TensorRT takes INT8 from QuantizeLinear and "
           "DequantizeLinear pairs only; export the model in QDQ form"});
    } else if (IsPair(node) && IsAsymmetric(node, outline, &why)) {
      problems.push_back({true, node.name, node.op,
                          why + ", and TensorRT quantises symmetrically to signed values only; "
                                "quantise with zero points of 0"});
    }
  }
  for (const auto& [name, constant] : outline.constants) {
    if (constant.type != 7) continue;
    const auto outside = std::find_if_not(constant.whole.begin(), constant.whole.end(), FitsInt32);
    if (outside == constant.whole.end()) continue;
    problems.push_back({false, name, "INT64",
                        "it holds " + std::to_string(*outside) +
                            ", which TensorRT before 10 cuts to 32 bits; harmless where it means "
                            "\"to the end\", else keep it within 32 bits in the model"});
  }
  return problems;
}

std::vector<ModelProblem> CheckExternalData(const OnnxOutline& outline, const std::string& folder) {
  std::vector<ModelProblem> problems;
  for (const auto& [name, constant] : outline.constants) {
    if (constant.external_file.empty()) continue;
    const std::string path = folder + constant.external_file;
    struct stat found {};
    std::string why;
    if (!StaysInside(constant.external_file)) {
      why = "its data lies at " + constant.external_file +
            ", outside the model's folder; put it beside the model";
    } else if (stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) {
      why = "its data file " + path + " is not there; it must lie beside the model";
    } else {
      const auto size = static_cast<std::uint64_t>(found.st_size);
      const bool fits = constant.external_offset <= size &&
                        constant.external_bytes <= size - constant.external_offset;
      if (!fits)
        why = "its data file " + path +
              " ends before its values do; export the model and its data again";
    }
    if (!why.empty()) problems.push_back({true, name, "external data", why});
  }
  return problems;
}

}  // namespace jetfleet
