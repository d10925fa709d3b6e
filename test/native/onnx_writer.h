#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// Small ONNX files, written by hand: bytes of the wire format of protocol buffers.
namespace jetfleet::onnx {

inline std::string Varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>(value | 0x80U);
  return bytes + static_cast<char>(value);
}
inline std::string Number(std::uint32_t field, std::uint64_t value) {
  return Varint(field << 3U) + Varint(value);
}
inline std::string Bytes(std::uint32_t field, const std::string& bytes) {
  return Varint(field << 3U | 2U) + Varint(bytes.size()) + bytes;
}

inline std::string Node(const std::string& op, const std::string& name,
                        const std::vector<std::string>& inputs, const std::string& output) {
  std::string node;
  for (const std::string& input : inputs) node += Bytes(1, input);
  return node + Bytes(2, output) + Bytes(3, name) + Bytes(4, op);
}

/// `type`: 1 float32, 2 uint8, 3 int8, 7 int64.
inline std::string Constant(const std::string& name, int type, const std::vector<int>& dims,
                            const std::string& raw) {
  std::string tensor;
  for (const int dim : dims) tensor += Number(1, static_cast<std::uint64_t>(dim));
  return tensor + Number(2, static_cast<std::uint64_t>(type)) + Bytes(8, name) + Bytes(9, raw);
}

inline std::string External(const std::string& name, const std::vector<int>& dims,
                            const std::string& file, std::uint64_t length) {
  std::string tensor;
  for (const int dim : dims) tensor += Number(1, static_cast<std::uint64_t>(dim));
  const auto entry = [](const std::string& key, const std::string& value) {
    return Bytes(13, Bytes(1, key) + Bytes(2, value));
  };
  return tensor + Number(2, 1) + Bytes(8, name) + entry("location", file) +
         entry("length", std::to_string(length)) + Number(14, 1);
}

/// A float32 input or output; -1 for an open dimension.
inline std::string Value(const std::string& name, const std::vector<int>& dims) {
  std::string shape;
  for (const int dim : dims) {
    shape += Bytes(1, dim < 0 ? Bytes(2, "open") : Number(1, static_cast<std::uint64_t>(dim)));
  }
  return Bytes(1, name) + Bytes(2, Bytes(1, Number(1, 1) + Bytes(2, shape)));
}

struct Graph {
  std::vector<std::string> nodes;
  std::vector<std::string> constants;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

inline std::string Model(const Graph& graph) {
  std::string bytes;
  for (const std::string& node : graph.nodes) bytes += Bytes(1, node);
  bytes += Bytes(2, "graph");
  for (const std::string& constant : graph.constants) bytes += Bytes(5, constant);
  for (const std::string& input : graph.inputs) bytes += Bytes(11, input);
  for (const std::string& output : graph.outputs) bytes += Bytes(12, output);
  return Number(1, 8) + Bytes(7, bytes) + Bytes(8, Bytes(1, "") + Number(2, 13));
}

}  // namespace jetfleet::onnx
