#include "core/memory/buffer_pool.h"

#include <utility>

namespace jetfleet {

BufferPool::BufferPool(std::size_t bytes, Make make) : make_(std::move(make)) {
  shelf_->bytes = bytes;
}

BufferRef BufferPool::Take() {
  BufferRef buffer;
  {
    const std::lock_guard<std::mutex> lock(shelf_->mutex);
    if (!shelf_->free.empty()) {
      buffer = std::move(shelf_->free.back());
      shelf_->free.pop_back();
    }
  }
  if (buffer == nullptr) {
    buffer = make_(shelf_->bytes);
    if (buffer == nullptr) return nullptr;
    const std::lock_guard<std::mutex> lock(shelf_->mutex);
    // Room for all, so that giving back never allocates.
    shelf_->free.reserve(++shelf_->made);
  }
  Buffer* const lent = buffer.get();
  return {lent, [shelf = shelf_, owner = std::move(buffer)](Buffer* returned) mutable {
            returned->set_fence(nullptr);
            const std::lock_guard<std::mutex> lock(shelf->mutex);
            shelf->free.push_back(std::move(owner));
          }};
}

std::size_t BufferPool::made() const {
  const std::lock_guard<std::mutex> lock(shelf_->mutex);
  return shelf_->made;
}

}  // namespace jetfleet
