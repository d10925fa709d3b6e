#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>

#include "core/memory/buffer.h"

namespace jetfleet {

enum class ElementType { kFloat32, kFloat16, kUint8, kInt8, kInt32, kInt64, kBool };
const char* ElementTypeName(ElementType type);
std::size_t ElementBytes(ElementType type);

/// What the dimensions of a picture mean; `kPlain` for tensors that hold no picture.
enum class TensorLayout { kPlain, kNchw, kNhwc };

/// Dimensions, outermost first; -1 where only the run knows. At most as many as TensorRT has.
class Shape {
 public:
  static constexpr std::size_t kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims);

  std::size_t rank() const { return rank_; }
  std::int64_t operator[](std::size_t i) const { return dims_[i]; }
  std::int64_t& operator[](std::size_t i) { return dims_[i]; }
  const std::int64_t* begin() const { return dims_.data(); }
  const std::int64_t* end() const { return dims_.data() + rank_; }
  /// False when there are too many; the shape is then left alone.
  bool Append(std::int64_t dim);
  /// No dimension is left open.
  bool known() const;
  /// Product of the dimensions from `from` on; 0 when one is open, or the product is beyond what
  /// memory could hold.
  std::int64_t Count(std::size_t from = 0) const;
  /// "[1,3,416,416]"; an open dimension is "?".
  std::string Text() const;

  bool operator==(const Shape& other) const;
  bool operator!=(const Shape& other) const { return !(*this == other); }

 private:
  std::array<std::int64_t, kMaxRank> dims_{};
  std::size_t rank_ = 0;
};

/// real = (stored - zero_point) × scale; scale 0: not quantised.
struct Quantisation {
  float scale = 0;
  std::int32_t zero_point = 0;
};

struct TensorDesc {
  ElementType type = ElementType::kFloat32;
  TensorLayout layout = TensorLayout::kPlain;
  Shape shape;
  MemoryKind kind = MemoryKind::kHost;
  Quantisation quantisation;

  /// 0 when a dimension is open.
  std::size_t bytes() const;
};

/// A dense tensor in a buffer of one part, or one slot of its batch. Shares the buffer.
class TensorView {
 public:
  TensorView() = default;
  TensorView(const TensorDesc& desc, BufferRef buffer, std::size_t offset = 0)
      : desc_(desc), buffer_(std::move(buffer)), offset_(offset) {}

  explicit operator bool() const { return buffer_ != nullptr; }
  const TensorDesc& desc() const { return desc_; }
  const BufferRef& buffer() const { return buffer_; }
  /// Bytes from the buffer's beginning.
  std::size_t offset() const { return offset_; }

  /// Item `index` of the first dimension, as a tensor whose first dimension is 1.
  TensorView Slot(std::int64_t index) const;
  /// The first `count` items of the first dimension.
  TensorView First(std::int64_t count) const;

  /// For who works in memory of its kind; see Buffer::Address.
  void* Address() const {
    auto* base = static_cast<std::uint8_t*>(buffer_->Address(0));
    return base == nullptr ? nullptr : base + offset_;
  }

  /// Null when the CPU cannot reach it. `T` must be the element's type; const for who only reads.
  /// Who writes makes what is known of borders untrue.
  template <typename T>
  T* Host() const {
    if constexpr (!std::is_const_v<T>) ForgetBorders();
    std::uint8_t* base = buffer_->MapToHost(0);
    return base == nullptr ? nullptr : reinterpret_cast<T*>(base + offset_);
  }

  /// Of this one slot, from before anybody asked for an address to write to.
  bool HasBorder(const Border& border) const {
    const auto found = buffer_->borders().find(offset_);
    return found != buffer_->borders().end() && found->second == border;
  }
  void NoteBorder(const Border& border) const { buffer_->borders()[offset_] = border; }
  void ForgetBorders() const {
    auto& borders = buffer_->borders();
    borders.erase(borders.lower_bound(offset_), borders.lower_bound(offset_ + desc_.bytes()));
  }

 private:
  TensorDesc desc_;
  BufferRef buffer_;
  std::size_t offset_ = 0;
};

}  // namespace jetfleet
