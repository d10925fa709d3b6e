#include "backends/tensorrt/files/onnx_outline.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "backends/tensorrt/files/wire.h"

namespace jetfleet {
namespace {

template <typename T>
void AppendRaw(const std::uint8_t* bytes, std::size_t size, std::vector<std::int64_t>* values) {
  for (std::size_t at = 0; at + sizeof(T) <= size && values->size() < kMostWhole; at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes + at, sizeof(T));
    values->push_back(value);
  }
}

std::uint64_t Number(const std::string& text) {
  const bool digits =
      !text.empty() && text.size() < 20 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) Broken("its external data has " + text.substr(0, 40) + " for a number");
  return std::stoull(text);
}

void ReadExternal(Wire entry, OnnxConstant* constant) {
  std::string key;
  std::string value;
  while (entry.Next()) {
    if (entry.field() == kEntryKey) key = entry.Text();
    if (entry.field() == kEntryValue) value = entry.Text();
  }
  if (key == "location") constant->external_file = value;
  if (key == "offset") constant->external_offset = Number(value);
  if (key == "length") constant->external_bytes = Number(value);
}

/// Of values of float32 as they lie in a file.
double LargestOf(const std::uint8_t* bytes, std::size_t size) {
  double largest = 0;
  for (std::size_t at = 0; at + sizeof(float) <= size; at += sizeof(float)) {
    float value;
    std::memcpy(&value, bytes + at, sizeof(float));
    largest = std::max(largest, std::fabs(static_cast<double>(value)));
  }
  return largest;
}

std::pair<std::string, OnnxConstant> ReadTensor(Wire tensor) {
  std::string name;
  OnnxConstant constant;
  const std::uint8_t* raw = nullptr;
  std::size_t raw_bytes = 0;
  while (tensor.Next()) {
    switch (tensor.field()) {
      case kTensorDims:
        tensor.Append(&constant.dims);
        break;
      case kTensorType:
        constant.type = static_cast<std::int32_t>(tensor.value());
        break;
      case kTensorFloat:
        constant.largest = std::max(constant.largest, LargestOf(tensor.bytes(), tensor.size()));
        break;
      case kTensorInt32:
      case kTensorInt64:
        tensor.Append(&constant.whole);
        break;
      case kTensorName:
        name = tensor.Text();
        break;
      case kTensorRaw:
        raw = tensor.bytes();
        raw_bytes = tensor.size();
        break;
      case kTensorExternal:
        ReadExternal(tensor.Inside(), &constant);
        break;
      default:
        break;
    }
  }
  if (constant.type == kOnnxFloat) {
    constant.largest = std::max(constant.largest, LargestOf(raw, raw_bytes));
  }
  if (constant.type == kOnnxUint8) AppendRaw<std::uint8_t>(raw, raw_bytes, &constant.whole);
  if (constant.type == kOnnxInt8) AppendRaw<std::int8_t>(raw, raw_bytes, &constant.whole);
  if (constant.type == kOnnxInt32) AppendRaw<std::int32_t>(raw, raw_bytes, &constant.whole);
  if (constant.type == kOnnxInt64) AppendRaw<std::int64_t>(raw, raw_bytes, &constant.whole);
  return {std::move(name), std::move(constant)};
}

void ReadAttribute(Wire attribute, OnnxNode* node, std::vector<OnnxConstant>* values) {
  std::string name;
  std::uint64_t number = 0;
  while (attribute.Next()) {
    if (attribute.field() == kAttributeName) name = attribute.Text();
    if (attribute.field() == kAttributeInt) number = attribute.value();
    if (attribute.field() == kAttributeTensor) {
      values->push_back(ReadTensor(attribute.Inside()).second);
    }
    if (attribute.field() == kAttributeGraph || attribute.field() == kAttributeGraphs) {
      node->has_graph = true;
    }
  }
  if (name == "to") node->to = static_cast<std::int32_t>(number);
}

/// A graph's input or output; the type of what is no tensor is 0.
std::pair<std::string, std::int32_t> ReadValue(Wire value) {
  std::pair<std::string, std::int32_t> named;
  while (value.Next()) {
    if (value.field() == kValueName) named.first = value.Text();
    if (value.field() != kValueType) continue;
    Wire type = value.Inside();
    while (type.Next()) {
      if (type.field() != kTypeTensor) continue;
      Wire tensor = type.Inside();
      while (tensor.Next()) {
        if (tensor.field() == kTensorTypeElement) {
          named.second = static_cast<std::int32_t>(tensor.value());
        }
      }
    }
  }
  return named;
}

void ReadNode(Wire wire, OnnxOutline* outline) {
  OnnxNode node;
  std::vector<OnnxConstant> values;
  while (wire.Next()) {
    switch (wire.field()) {
      case kNodeInput:
        node.inputs.push_back(wire.Text());
        break;
      case kNodeOutput:
        node.outputs.push_back(wire.Text());
        break;
      case kNodeName:
        node.name = wire.Text();
        break;
      case kNodeOp:
        node.op = wire.Text();
        break;
      case kNodeDomain:
        node.domain = wire.Text();
        break;
      case kNodeAttribute: {
        ReadAttribute(wire.Inside(), &node, &values);
        break;
      }
      default:
        break;
    }
  }
  if (node.op == "Constant" && node.outputs.size() == 1 && values.size() == 1) {
    outline->constants[node.outputs[0]] = std::move(values[0]);
  }
  // Nodes need no name, but people do.
  if (node.name.empty()) node.name = node.outputs.empty() ? "unnamed" : "→ " + node.outputs[0];
  outline->nodes.push_back(std::move(node));
}

}  // namespace

bool OnnxOutline::quantises() const {
  return std::any_of(nodes.begin(), nodes.end(),
                     [](const OnnxNode& node) { return node.op == "QuantizeLinear"; });
}

OnnxOutline ReadOutline(const void* bytes, std::size_t size) {
  OnnxOutline outline;
  bool has_graph = false;
  Wire model(static_cast<const std::uint8_t*>(bytes), size);
  while (model.Next()) {
    if (model.field() != kModelGraph) continue;
    has_graph = true;
    Wire graph = model.Inside();
    while (graph.Next()) {
      if (graph.field() == kGraphNode) ReadNode(graph.Inside(), &outline);
      if (graph.field() == kGraphInitializer) {
        outline.constants.insert(ReadTensor(graph.Inside()));
      }
      if (graph.field() == kGraphInput) outline.inputs.push_back(ReadValue(graph.Inside()));
      if (graph.field() == kGraphOutput) outline.outputs.push_back(ReadValue(graph.Inside()));
    }
  }
  if (!has_graph || outline.nodes.empty()) Broken("it has no graph of nodes");
  return outline;
}

}  // namespace jetfleet
