#pragma once

#include <cstddef>
#include <functional>

#include "core/memory/buffer.h"
#include "core/memory/shelf.h"

namespace jetfleet {

/// Lends buffers of one size, so that frames allocate no memory in the long run. Thread-safe;
/// buffers may outlive the pool.
class BufferPool {
 public:
  /// Makes one buffer of `bytes`; null when there is no memory left of that kind.
  using Make = std::function<BufferRef(std::size_t bytes)>;

  explicit BufferPool(std::size_t bytes, Make make = MakeHostBuffer);

  std::size_t bytes() const { return bytes_; }
  /// Contents are those of the last use. Null when none can be made.
  BufferRef Take() { return shelf_.Take(); }
  /// Buffers made so far.
  std::size_t made() const { return shelf_.made(); }

 private:
  const std::size_t bytes_;
  Shelf<Buffer> shelf_;
};

}  // namespace jetfleet
