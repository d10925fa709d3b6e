#include "core/memory/tensor.h"

#include <algorithm>
#include <limits>

namespace jetfleet {

const char* ElementTypeName(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return "float32";
    case ElementType::kFloat16:
      return "float16";
    case ElementType::kUint8:
      return "uint8";
    case ElementType::kInt8:
      return "int8";
    case ElementType::kInt32:
      return "int32";
    case ElementType::kInt64:
      return "int64";
    case ElementType::kBool:
      return "bool";
  }
  return "unknown";
}

std::size_t ElementBytes(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
    case ElementType::kInt32:
      return 4;
    case ElementType::kFloat16:
      return 2;
    case ElementType::kUint8:
    case ElementType::kInt8:
    case ElementType::kBool:
      return 1;
    case ElementType::kInt64:
      return 8;
  }
  return 1;
}

Shape::Shape(std::initializer_list<std::int64_t> dims) {
  for (const std::int64_t dim : dims) {
    if (!Append(dim)) break;
  }
}

bool Shape::Append(std::int64_t dim) {
  if (rank_ == kMaxRank) return false;
  dims_[rank_++] = dim;
  return true;
}

bool Shape::known() const {
  return std::all_of(begin(), end(), [](std::int64_t dim) { return dim >= 0; });
}

std::int64_t Shape::Count(std::size_t from) const {
  // An eighth, so that the count of bytes fits as well.
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 8;
  std::int64_t count = 1;
  for (std::size_t i = from; i < rank_; ++i) {
    const std::int64_t dim = dims_[i];
    if (dim <= 0 || count > kMost / dim) return 0;
    count *= dim;
  }
  return count;
}

std::string Shape::Text() const {
  std::string text = "[";
  for (std::size_t i = 0; i < rank_; ++i) {
    if (i > 0) text += ",";
    text += dims_[i] < 0 ? "?" : std::to_string(dims_[i]);
  }
  return text + "]";
}

bool Shape::operator==(const Shape& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

std::size_t TensorDesc::bytes() const {
  return static_cast<std::size_t>(shape.Count()) * ElementBytes(type);
}

TensorView TensorView::Slot(std::int64_t index) const {
  TensorView slot = First(1);
  slot.offset_ += static_cast<std::size_t>(index) * slot.desc_.bytes();
  return slot;
}

TensorView TensorView::First(std::int64_t count) const {
  TensorView first = *this;
  first.desc_.shape[0] = count;
  return first;
}

}  // namespace jetfleet
