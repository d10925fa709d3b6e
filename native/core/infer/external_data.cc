// Looks for tensors whose values lie in other files, wherever ONNX lets a tensor be.
#include <algorithm>
#include <array>
#include <optional>

#include "core/infer/model_file.h"

namespace jetfleet {
namespace {

enum class Message { kModel, kTraining, kGraph, kFunction, kNode, kAttribute, kSparse, kTensor };

struct Child {
  Message parent;
  std::uint32_t field;
  Message message;
};

/// Field numbers: onnx/onnx.proto of the ONNX project, which never renumbers.
constexpr std::array<Child, 18> kChildren = {{
    {Message::kModel, 7, Message::kGraph},
    {Message::kModel, 20, Message::kTraining},
    {Message::kModel, 25, Message::kFunction},
    {Message::kTraining, 1, Message::kGraph},
    {Message::kTraining, 2, Message::kGraph},
    {Message::kGraph, 1, Message::kNode},
    {Message::kGraph, 5, Message::kTensor},
    {Message::kGraph, 15, Message::kSparse},
    {Message::kFunction, 7, Message::kNode},
    {Message::kFunction, 11, Message::kAttribute},
    {Message::kNode, 5, Message::kAttribute},
    {Message::kAttribute, 5, Message::kTensor},
    {Message::kAttribute, 6, Message::kGraph},
    {Message::kAttribute, 10, Message::kTensor},
    {Message::kAttribute, 11, Message::kGraph},
    {Message::kAttribute, 22, Message::kSparse},
    {Message::kAttribute, 23, Message::kSparse},
    {Message::kSparse, 1, Message::kTensor},
}};
constexpr std::uint32_t kSparseIndices = 2;
constexpr std::uint32_t kTensorName = 8;
constexpr std::uint32_t kTensorExternal = 13;
constexpr std::uint32_t kTensorLocation = 14;
/// Of protocol buffers' own readers.
constexpr int kMostDepth = 100;
constexpr std::size_t kShownName = 80;

std::optional<Message> ChildOf(Message parent, std::uint32_t field) {
  if (parent == Message::kSparse && field == kSparseIndices) return Message::kTensor;
  for (const Child& child : kChildren) {
    if (child.parent == parent && child.field == field) return child.message;
  }
  return std::nullopt;
}

/// One message in the wire format of protocol buffers.
class Walk {
 public:
  Walk(const std::uint8_t* at, std::size_t size) : at_(at), end_(at + size) {}

  /// What there is to say against it; empty also when it cannot be read on.
  std::string Run(Message message, int depth) {
    if (depth > kMostDepth) return "it is nested too deep to be looked through";
    std::string name;
    bool external = false;
    while (at_ != end_) {
      std::uint64_t tag = 0;
      if (!Varint(&tag)) break;
      const auto field = static_cast<std::uint32_t>(tag >> 3U);
      std::uint64_t value = 0;
      switch (tag & 7U) {
        case 0:
          if (!Varint(&value)) return Verdict(external, name);
          external |= message == Message::kTensor && field == kTensorLocation && value != 0;
          continue;
        case 1:
          if (!Skip(8)) return Verdict(external, name);
          continue;
        case 5:
          if (!Skip(4)) return Verdict(external, name);
          continue;
        case 2:
          break;
        case 3:
        case 4:
          return "it has groups, which nothing that writes ONNX uses";
        default:
          return Verdict(external, name);
      }
      if (!Varint(&value) || value > static_cast<std::uint64_t>(end_ - at_)) {
        return Verdict(external, name);
      }
      const std::uint8_t* const inner = at_;
      at_ += value;
      external |= message == Message::kTensor && field == kTensorExternal;
      if (message == Message::kTensor && field == kTensorName) {
        name.assign(reinterpret_cast<const char*>(inner), std::min<std::size_t>(value, kShownName));
      }
      const std::optional<Message> child = ChildOf(message, field);
      if (!child) continue;
      std::string why = Walk(inner, value).Run(*child, depth + 1);
      if (!why.empty()) return why;
    }
    return Verdict(external, name);
  }

 private:
  static std::string Verdict(bool external, const std::string& name) {
    if (!external) return "";
    return "the values of its tensor " + (name.empty() ? "without a name" : name) +
           " lie in another file, which its set does not list";
  }

  bool Varint(std::uint64_t* value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const std::uint8_t byte = *at_++;
      *value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) return true;
    }
    return false;
  }

  bool Skip(std::ptrdiff_t bytes) {
    if (end_ - at_ < bytes) return false;
    at_ += bytes;
    return true;
  }

  const std::uint8_t* at_;
  const std::uint8_t* const end_;
};

}  // namespace

std::string ExternalDataOf(const std::uint8_t* bytes, std::size_t size) {
  return Walk(bytes, size).Run(Message::kModel, 0);
}

}  // namespace jetfleet
