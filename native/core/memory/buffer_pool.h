#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/memory/buffer.h"

namespace jetfleet {

/// Lends buffers of one size and takes them back when their last owner lets go, so that frames
/// allocate no memory in the long run. Holds as many as were ever out at once. Thread-safe; buffers
/// may outlive the pool.
class BufferPool {
 public:
  /// Makes one buffer of `bytes`; null when there is no memory left of that kind.
  using Make = std::function<BufferRef(std::size_t bytes)>;

  explicit BufferPool(std::size_t bytes, Make make = MakeHostBuffer);

  std::size_t bytes() const { return shelf_->bytes; }
  /// Contents are those of the last use. Null when none can be made.
  BufferRef Take();
  /// Buffers made so far.
  std::size_t made() const;

 private:
  struct Shelf {
    std::size_t bytes = 0;
    std::mutex mutex;
    std::vector<BufferRef> free;
    std::size_t made = 0;
  };
  const Make make_;
  /// Kept alive by each buffer that is out.
  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

}  // namespace jetfleet
