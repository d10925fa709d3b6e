#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace jetfleet {

/// What can be told of a tensor that a model carries.
struct OnnxConstant {
  /// onnx.TensorProto.DataType: 1 float32, 2 uint8, 3 int8, 7 int64, 10 float16, …
  std::int32_t type = 0;
  std::vector<std::int64_t> dims;
  /// Values of whole numbers, as far as they lie in the file and are at most 2^20.
  std::vector<std::int64_t> whole;
  /// The greatest magnitude of values of float32, as far as they lie in the file.
  double largest = 0;
  /// Where its bytes lie when they are not in the model's file; relative to it.
  std::string external_file;
  std::uint64_t external_offset = 0;
  /// 0: to the end of the file.
  std::uint64_t external_bytes = 0;
};

struct OnnxNode {
  std::string name;
  std::string op;
  std::string domain;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  /// Attribute `to` of a Cast (onnx.TensorProto.DataType); 0: none.
  std::int32_t to = 0;
  /// It has a graph of its own (If, Loop, Scan).
  bool has_graph = false;
};

/// Nodes and constants of a model's main graph, in the order of the file. Constants that nodes
/// (`Constant`) or initializers hold, by the name of the tensor.
struct OnnxOutline {
  std::vector<OnnxNode> nodes;
  std::map<std::string, OnnxConstant> constants;
  /// Names and element types (onnx.TensorProto.DataType). Files of old list constants as inputs,
  /// too.
  std::vector<std::pair<std::string, std::int32_t>> inputs;
  std::vector<std::pair<std::string, std::int32_t>> outputs;

  bool quantises() const;
};

/// Throws Failure JF_MODEL_INVALID for what is no ONNX model.
OnnxOutline ReadOutline(const void* bytes, std::size_t size);

}  // namespace jetfleet
