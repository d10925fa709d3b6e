#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/tensorrt/cuda/failure.h"

/// The wire format of protocol buffers, as far as ONNX files need it.
namespace jetfleet {

constexpr std::size_t kMostWhole = 1U << 20U;

/// Field numbers: onnx/onnx.proto of the ONNX project, which never renumbers.
enum OnnxField : std::uint32_t {
  kModelIrVersion = 1,
  kModelGraph = 7,
  kModelFunctions = 25,
  kGraphNode = 1,
  kGraphInitializer = 5,
  kGraphInput = 11,
  kGraphOutput = 12,
  kGraphValueInfo = 13,
  kGraphSparse = 15,
  kNodeInput = 1,
  kNodeOutput = 2,
  kNodeName = 3,
  kNodeOp = 4,
  kNodeAttribute = 5,
  kNodeDomain = 7,
  kAttributeName = 1,
  kAttributeInt = 3,
  kAttributeTensor = 5,
  kAttributeGraph = 6,
  kAttributeGraphs = 11,
  kAttributeType = 20,
  kTensorDims = 1,
  kTensorType = 2,
  kTensorFloat = 4,
  kTensorInt32 = 5,
  kTensorInt64 = 7,
  kTensorName = 8,
  kTensorRaw = 9,
  kTensorExternal = 13,
  kEntryKey = 1,
  kEntryValue = 2,
  kValueName = 1,
  kValueType = 2,
  kTypeTensor = 1,
  kTensorTypeElement = 1,
};

/// onnx.TensorProto.DataType.
enum OnnxType : std::int32_t {
  kOnnxFloat = 1,
  kOnnxUint8 = 2,
  kOnnxInt8 = 3,
  kOnnxInt32 = 6,
  kOnnxInt64 = 7,
  kOnnxHalf = 10,
};

[[noreturn]] inline void Broken(const std::string& why) {
  throw Failure(JF_MODEL_INVALID, "Expected an ONNX model but " + why);
}

/// A length-delimited piece of the wire format of protocol buffers.
class Wire {
 public:
  Wire(const std::uint8_t* at, std::size_t size) : at_(at), end_(at + size) {}

  /// The next field, or false at the end.
  bool Next() {
    if (at_ == end_) return false;
    begin_ = at_;
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
  /// The field as it lies there, number and all.
  std::string_view raw() const {
    return {reinterpret_cast<const char*>(begin_), static_cast<std::size_t>(at_ - begin_)};
  }
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
  const std::uint8_t* begin_ = nullptr;
  std::uint32_t field_ = 0;
  std::uint32_t kind_ = 0;
  std::uint64_t value_ = 0;
  const std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0;
};

inline void PutVarint(std::uint64_t value, std::string* to) {
  for (; value >= 0x80; value >>= 7U) to->push_back(static_cast<char>(value | 0x80U));
  to->push_back(static_cast<char>(value));
}
inline void PutNumber(std::uint32_t field, std::uint64_t value, std::string* to) {
  PutVarint(field << 3U, to);
  PutVarint(value, to);
}
inline void PutBytes(std::uint32_t field, std::string_view bytes, std::string* to) {
  PutVarint(field << 3U | 2U, to);
  PutVarint(bytes.size(), to);
  to->append(bytes);
}

}  // namespace jetfleet
