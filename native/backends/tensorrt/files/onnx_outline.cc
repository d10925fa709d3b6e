#include "backends/tensorrt/files/onnx_outline.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "backends/tensorrt/cuda/failure.h"

namespace jetfleet {
namespace {

/// Field numbers: onnx/onnx.proto of the ONNX project, which never renumbers.
enum : std::uint32_t {
  kModelGraph = 7,
  kGraphNode = 1,
  kGraphInitializer = 5,
  kNodeInput = 1,
  kNodeOutput = 2,
  kNodeName = 3,
  kNodeOp = 4,
  kNodeAttribute = 5,
  kNodeDomain = 7,
  kAttributeTensor = 5,
  kTensorDims = 1,
  kTensorType = 2,
  kTensorInt32 = 5,
  kTensorInt64 = 7,
  kTensorName = 8,
  kTensorRaw = 9,
  kTensorExternal = 13,
  kEntryKey = 1,
  kEntryValue = 2,
};

enum : std::int32_t { kUint8 = 2, kInt8 = 3, kInt32 = 6, kInt64 = 7 };

constexpr std::size_t kMostWhole = 1U << 20U;

[[noreturn]] void Broken(const std::string& why) {
  throw Failure(JF_MODEL_INVALID, "Expected an ONNX model but " + why);
}

/// A length-delimited piece of the wire format of protocol buffers.
class Wire {
 public:
  Wire(const std::uint8_t* at, std::size_t size) : at_(at), end_(at + size) {}

  /// The next field, or false at the end.
  bool Next() {
    if (at_ == end_) return false;
    const std::uint64_t tag = Varint();
    field_ = static_cast<std::uint32_t>(tag >> 3U);
    if (field_ == 0) Broken("it has a field of number 0");
    kind_ = static_cast<std::uint32_t>(tag & 7U);
    switch (kind_) {
      case 0:
        value_ = Varint();
        return true;
      case 1:
        Take(8);
        return true;
      case 2:
        Take(Varint());
        return true;
      case 5:
        Take(4);
        return true;
      default:
        Broken("it is not in the wire format of protocol buffers");
    }
  }

  std::uint32_t field() const { return field_; }
  std::uint64_t value() const { return value_; }
  bool is_bytes() const { return kind_ == 2; }
  std::size_t size() const { return size_; }
  const std::uint8_t* bytes() const { return bytes_; }
  std::string Text() const { return {reinterpret_cast<const char*>(bytes_), size_}; }
  Wire Inside() const {
    if (!is_bytes()) Broken("a field of it is of another type");
    return {bytes_, size_};
  }
  /// Of a repeated field, packed or not.
  void Append(std::vector<std::int64_t>* values) const {
    if (!is_bytes()) {
      values->push_back(static_cast<std::int64_t>(value_));
      return;
    }
    Wire inside(bytes_, size_);
    while (inside.at_ != inside.end_ && values->size() < kMostWhole) {
      values->push_back(static_cast<std::int64_t>(inside.Varint()));
    }
  }

 private:
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) Broken("it ends in the middle of a number");
      const std::uint8_t byte = *at_++;
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    Broken("it holds a number of more than 64 bits");
  }

  void Take(std::uint64_t size) {
    if (size > static_cast<std::uint64_t>(end_ - at_)) Broken("it ends before a field of it does");
    bytes_ = at_;
    size_ = static_cast<std::size_t>(size);
    at_ += size;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::uint32_t field_ = 0;
  std::uint32_t kind_ = 0;
  std::uint64_t value_ = 0;
  const std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0;
};

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
  if (constant.type == kUint8) AppendRaw<std::uint8_t>(raw, raw_bytes, &constant.whole);
  if (constant.type == kInt8) AppendRaw<std::int8_t>(raw, raw_bytes, &constant.whole);
  if (constant.type == kInt32) AppendRaw<std::int32_t>(raw, raw_bytes, &constant.whole);
  if (constant.type == kInt64) AppendRaw<std::int64_t>(raw, raw_bytes, &constant.whole);
  return {std::move(name), std::move(constant)};
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
        Wire attribute = wire.Inside();
        while (attribute.Next()) {
          if (attribute.field() != kAttributeTensor) continue;
          values.push_back(ReadTensor(attribute.Inside()).second);
        }
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
    }
  }
  if (!has_graph || outline.nodes.empty()) Broken("it has no graph of nodes");
  return outline;
}

}  // namespace jetfleet
