#include "backends/tensorrt/files/half_model.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "backends/tensorrt/cuda/kernels/prepare.cu"
#include "backends/tensorrt/files/half_plan.h"
#include "backends/tensorrt/files/wire.h"

namespace jetfleet {
namespace {

/// From which version on constants need not be listed as inputs (onnx/IR.md).
constexpr std::uint64_t kConstantsAreNoInputs = 4;

/// A tensor is there as float32, as float16, or both.
struct Forms {
  bool as_float = false;
  bool as_half = false;
};

class Converter {
 public:
  Converter(const OnnxOutline& outline, const HalfPlan& plan) : outline_(outline), plan_(plan) {
    for (const auto& named : outline.inputs) {
      if (outline.constants.count(named.first) == 0) kept_names_.insert(named.first);
    }
    for (const auto& named : outline.outputs) kept_names_.insert(named.first);
    for (std::size_t i = 0; i < outline.nodes.size(); ++i) {
      const OnnxNode& node = outline.nodes[i];
      for (std::size_t j = 0; j < node.inputs.size(); ++j) Need(node.inputs[j], ReadsHalf(i, j));
    }
    for (const auto& named : outline.outputs) Need(named.first, false);
  }

  std::string Run(const void* bytes, std::size_t size) {
    std::string out;
    Wire model(static_cast<const std::uint8_t*>(bytes), size);
    while (model.Next()) {
      if (model.field() == kModelFunctions) {
        throw Failure(JF_UNSUPPORTED,
                      "Cannot convert a model with functions of its own to float16; ask for fp32");
      }
      if (model.field() == kModelIrVersion) {
        PutNumber(kModelIrVersion, std::max(model.value(), kConstantsAreNoInputs), &out);
      } else if (model.field() == kModelGraph) {
        PutBytes(kModelGraph, Graph(model.Inside()), &out);
      } else {
        out.append(model.raw());
      }
    }
    return out;
  }

 private:
  bool IsFloat(const std::string& tensor) const { return plan_.floats.count(tensor) != 0; }
  bool ReadsHalf(std::size_t node, std::size_t input) const {
    return plan_.nodes[node].role == HalfRole::kHalf && !StaysFloat(outline_.nodes[node], input);
  }
  void Need(const std::string& tensor, bool half) {
    if (!IsFloat(tensor)) return;
    (half ? needed_[tensor].as_half : needed_[tensor].as_float) = true;
  }
  /// Inputs and outputs of the model keep their names for float32, all others for float16.
  std::string NameOf(const std::string& tensor, bool half) const {
    if (!IsFloat(tensor) || half != (kept_names_.count(tensor) != 0)) return tensor;
    return tensor + (half ? "/float16" : "/float32");
  }

  std::string Graph(Wire graph) {
    std::string rest;
    std::string constants;
    std::size_t number = 0;
    for (const auto& named : outline_.inputs) {
      if (outline_.constants.count(named.first) == 0) AddCasts(named.first, false);
    }
    while (graph.Next()) {
      switch (graph.field()) {
        case kGraphNode:
          Node(graph.Inside(), number++, &constants);
          break;
        case kGraphInitializer:
          Constant(NameIn(graph.Inside()), graph.Inside(), &constants);
          break;
        case kGraphInput:
          if (outline_.constants.count(NameIn(graph.Inside(), kValueName)) == 0) {
            rest.append(graph.raw());
          }
          break;
        case kGraphValueInfo:  // their types are no longer true, and they are only a help
          break;
        case kGraphSparse:
          throw Failure(JF_UNSUPPORTED,
                        "Cannot convert a model with sparse constants to float16; ask for fp32");
        default:
          rest.append(graph.raw());
      }
    }
    return nodes_ + constants + rest;
  }

  static std::string NameIn(Wire message, std::uint32_t field = kTensorName) {
    std::string name;
    while (message.Next()) {
      if (message.field() == field) name = message.Text();
    }
    return name;
  }

  void Node(Wire wire, std::size_t number, std::string* constants) {
    const OnnxNode& node = outline_.nodes[number];
    const bool half = plan_.nodes[number].role == HalfRole::kHalf;
    if (node.op == "Constant" && node.outputs.size() == 1 && IsFloat(node.outputs[0])) {
      while (wire.Next()) {
        if (wire.field() != kNodeAttribute) continue;
        Wire attribute = wire.Inside();
        while (attribute.Next()) {
          if (attribute.field() != kAttributeTensor) continue;
          Constant(node.outputs[0], attribute.Inside(), constants);
        }
      }
      return;
    }
    std::string out;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      PutBytes(kNodeInput, NameOf(node.inputs[i], ReadsHalf(number, i)), &out);
    }
    for (const std::string& output : node.outputs)
      PutBytes(kNodeOutput, NameOf(output, half), &out);
    while (wire.Next()) {
      if (wire.field() != kNodeInput && wire.field() != kNodeOutput) out.append(wire.raw());
    }
    PutBytes(kGraphNode, out, &nodes_);
    for (const std::string& output : node.outputs) AddCasts(output, half);
  }

  /// What others need a tensor as, which is made as one of both.
  void AddCasts(const std::string& tensor, bool made_half) {
    if (!IsFloat(tensor)) return;
    const Forms needed = needed_[tensor];
    if (made_half ? !needed.as_float : !needed.as_half) return;
    const std::string to = NameOf(tensor, !made_half);
    std::string attribute;
    PutBytes(kAttributeName, "to", &attribute);
    PutNumber(kAttributeInt, made_half ? kOnnxFloat : kOnnxHalf, &attribute);
    constexpr std::uint64_t kIsInt = 2;  // onnx.AttributeProto.AttributeType.INT
    PutNumber(kAttributeType, kIsInt, &attribute);
    std::string node;
    PutBytes(kNodeInput, NameOf(tensor, made_half), &node);
    PutBytes(kNodeOutput, to, &node);
    PutBytes(kNodeName, "jetfleet cast to " + to, &node);
    PutBytes(kNodeOp, "Cast", &node);
    PutBytes(kNodeAttribute, attribute, &node);
    PutBytes(kGraphNode, node, &nodes_);
  }

  void Constant(const std::string& name, Wire tensor, std::string* constants) const {
    const auto found = needed_.find(name);
    const Forms needed = found == needed_.end() ? Forms{} : found->second;
    if (!IsFloat(name)) {
      PutBytes(kGraphInitializer, Renamed(tensor, name, false), constants);
      return;
    }
    if (needed.as_float) {
      PutBytes(kGraphInitializer, Renamed(tensor, NameOf(name, false), false), constants);
    }
    if (needed.as_half) {
      PutBytes(kGraphInitializer, Renamed(tensor, NameOf(name, true), true), constants);
    }
  }

  /// A TensorProto under another name, its values as halves if asked for.
  static std::string Renamed(Wire tensor, const std::string& name, bool half) {
    std::string out;
    std::string values;
    while (tensor.Next()) {
      const bool holds = tensor.field() == kTensorRaw || tensor.field() == kTensorFloat;
      if (half && holds) {
        for (std::size_t at = 0; at + sizeof(float) <= tensor.size(); at += sizeof(float)) {
          float value;
          std::memcpy(&value, tensor.bytes() + at, sizeof(float));
          const unsigned short bits = kernels::HalfOf(value);
          values += static_cast<char>(bits & 0xFFU);
          values += static_cast<char>(bits >> 8U);
        }
      } else if (tensor.field() == kTensorType) {
        PutNumber(kTensorType, half ? std::uint64_t{kOnnxHalf} : tensor.value(), &out);
      } else if (tensor.field() != kTensorName) {
        out.append(tensor.raw());
      }
    }
    PutBytes(kTensorName, name, &out);
    if (half) PutBytes(kTensorRaw, values, &out);
    return out;
  }

  const OnnxOutline& outline_;
  const HalfPlan& plan_;
  std::set<std::string> kept_names_;
  std::map<std::string, Forms> needed_;
  std::string nodes_;
};

}  // namespace

HalfModel HalfModelOf(const void* bytes, std::size_t size, const std::set<std::string>& keep) {
  const OnnxOutline outline = ReadOutline(bytes, size);
  const HalfPlan plan = PlanHalf(outline, keep);
  HalfModel model;
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const OnnxNode& node = outline.nodes[i];
    if (plan.nodes[i].role == HalfRole::kKept) {
      model.kept.push_back({node.name, node.op, plan.nodes[i].why});
    } else if (plan.nodes[i].role == HalfRole::kHalf) {
      ++model.converted;
    }
  }
  model.bytes = Converter(outline, plan).Run(bytes, size);
  return model;
}

}  // namespace jetfleet
