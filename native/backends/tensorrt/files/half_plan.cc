#include "backends/tensorrt/files/half_plan.h"

#include <algorithm>
#include <cstdio>

#include "backends/tensorrt/files/wire.h"

namespace jetfleet {
namespace {

using Names = std::set<std::string>;

/// Greatest half, and the least with all of its bits.
constexpr double kGreatest = 65504;
constexpr double kLeast = 1.0 / (1 << 14);

[[noreturn]] void Refuse(const OnnxNode& node, const std::string& why) {
  throw Failure(JF_UNSUPPORTED, "Cannot convert the model to float16: " + node.op + " " +
                                    node.name + " " + why + "; ask for fp32");
}

/// Outputs are no float32, whatever the inputs are: https://onnx.ai/onnx/operators.
bool MakesOthers(const OnnxNode& node) {
  static const Names kOps = {"Shape",
                             "Size",
                             "ArgMax",
                             "ArgMin",
                             "NonZero",
                             "Equal",
                             "Less",
                             "LessOrEqual",
                             "Greater",
                             "GreaterOrEqual",
                             "IsNaN",
                             "And",
                             "NonMaxSuppression",
                             "IsInf",
                             "Not",
                             "Or",
                             "Xor",
                             "Bernoulli",
                             "Multinomial",
                             "BitShift"};
  return kOps.count(node.op) != 0;
}

/// Makes float32 of what is none.
bool MakesFloats(const OnnxNode& node) {
  static const Names kOps = {"ConstantOfShape",  "Range",   "RandomNormal",
                             "RandomUniform",    "EyeLike", "RandomNormalLike",
                             "RandomUniformLike"};
  return kOps.count(node.op) != 0 || (node.op == "Cast" && node.to == kOnnxFloat);
}

const char* DemandsRange(const OnnxNode& node) {
  static const Names kExponentiate = {"Exp",      "Log",        "Pow",        "Softmax",
                                      "Softplus", "LogSoftmax", "Reciprocal", "Erf"};
  static const Names kSum = {"ReduceSum",    "ReduceMean",       "ReduceL1", "ReduceL2",
                             "ReduceLogSum", "ReduceLogSumExp",  "CumSum",   "ReduceSumSquare",
                             "ReduceProd",   "GlobalAveragePool"};
  static const Names kNormalise = {
      "LayerNormalization", "InstanceNormalization", "LRN",
      "GroupNormalization", "LpNormalization",       "MeanVarianceNormalization"};
  static const Names kOnlyFloat = {"NonMaxSuppression", "RoiAlign", "MaxRoiPool"};
  if (kExponentiate.count(node.op) != 0) return "it leaves the range of float16 easily";
  if (kSum.count(node.op) != 0) return "it sums up more than float16 holds";
  if (kNormalise.count(node.op) != 0) return "it divides by sums of squares";
  if (kOnlyFloat.count(node.op) != 0) return "it compares places of boxes";
  return nullptr;
}

std::string Shown(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", value);
  return text;
}

/// Why a constant of the node cannot be a half; empty when it can.
std::string BadConstant(const OnnxNode& node, const OnnxOutline& outline) {
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const auto found = outline.constants.find(node.inputs[i]);
    if (found == outline.constants.end() || found->second.type != kOnnxFloat) continue;
    if (StaysFloat(node, i)) continue;
    const double largest = found->second.largest;
    if (largest > kGreatest) {
      return "its constant " + node.inputs[i] + " holds " + Shown(largest) + ", beyond 65504";
    }
    // Of many small ones a few bits lost do no harm; a single one is meant to matter.
    const auto& dims = found->second.dims;
    const bool single = std::all_of(dims.begin(), dims.end(), [](auto dim) { return dim == 1; });
    if (single && largest > 0 && largest < kLeast) {
      return "its constant " + node.inputs[i] + " is at most " + Shown(largest) +
             ", of which float16 keeps few bits";
    }
  }
  return "";
}

/// The input whose type the outputs have.
std::size_t TypedAs(const OnnxNode& node) {
  if (node.op == "Where") return 1;
  return node.op == "OneHot" ? 2 : 0;
}

void CheckConvertible(const OnnxNode& node) {
  if (node.has_graph) Refuse(node, "has a graph inside");
  if (!node.domain.empty() && node.domain != "ai.onnx") {
    Refuse(node, "is of domain " + node.domain + ", whose types are not known");
  }
  if (node.op.find("Quantize") != std::string::npos || node.op.rfind("QLinear", 0) == 0) {
    Refuse(node, "quantises; ask for int8, which the model is");
  }
}

}  // namespace

bool StaysFloat(const OnnxNode& node, std::size_t input) {
  // A Resize of operator set 10 and an Upsample have their scales second.
  if (node.op == "Resize") return input == 2 || (input == 1 && node.inputs.size() == 2);
  return node.op == "Upsample" && input == 1;
}

HalfPlan PlanHalf(const OnnxOutline& outline, const std::set<std::string>& asked) {
  HalfPlan plan;
  for (const auto& [name, constant] : outline.constants) {
    if (constant.type != kOnnxFloat) continue;
    if (!constant.external_file.empty()) {
      throw Failure(JF_UNSUPPORTED, "Cannot convert the model to float16: the values of " + name +
                                        " lie in " + constant.external_file +
                                        "; put them into the model's file or ask for fp32");
    }
    plan.floats.insert(name);
  }
  for (const auto& [name, type] : outline.inputs) {
    if (type == kOnnxFloat) plan.floats.insert(name);
  }
  for (const OnnxNode& node : outline.nodes) {
    CheckConvertible(node);
    HalfNode& how = plan.nodes.emplace_back();
    const bool reads =
        std::any_of(node.inputs.begin(), node.inputs.end(),
                    [&](const std::string& input) { return plan.floats.count(input) != 0; });
    // A Constant of a single number or of numbers in attributes is float32 only if it is known.
    const bool is_constant =
        node.op == "Constant" && !node.outputs.empty() && plan.floats.count(node.outputs[0]) != 0;
    const std::size_t model = TypedAs(node);
    const bool writes = is_constant || MakesFloats(node) ||
                        (!MakesOthers(node) && node.op != "Cast" && model < node.inputs.size() &&
                         plan.floats.count(node.inputs[model]) != 0);
    if (writes) {
      // Further outputs (indices of a TopK or MaxPool, a Dropout's mask) are no float32.
      const bool many = node.op == "Split" || node.op == "BatchNormalization" ||
                        node.op == "LSTM" || node.op == "GRU" || node.op == "RNN";
      const std::size_t count =
          many ? node.outputs.size() : std::min<std::size_t>(1, node.outputs.size());
      plan.floats.insert(node.outputs.begin(),
                         node.outputs.begin() + static_cast<std::ptrdiff_t>(count));
    }
    const char* const range = DemandsRange(node);
    const std::string constant = BadConstant(node, outline);
    if (is_constant || MakesFloats(node) || (!reads && !writes)) {
      how.role = HalfRole::kAsItIs;
    } else if (asked.count(node.name) != 0) {
      how = {HalfRole::kKept, "it was asked for"};
    } else if (range != nullptr) {
      how = {HalfRole::kKept, range};
    } else if (!constant.empty()) {
      how = {HalfRole::kKept, constant};
    }
  }
  return plan;
}

}  // namespace jetfleet
