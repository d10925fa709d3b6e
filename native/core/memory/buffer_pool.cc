#include "core/memory/buffer_pool.h"

#include <utility>

namespace jetfleet {

BufferPool::BufferPool(std::size_t bytes, Make make)
    : bytes_(bytes),
      shelf_([bytes, make = std::move(make)] { return make(bytes); },
             [](Buffer* returned) { returned->set_fence(nullptr); }) {}

}  // namespace jetfleet
