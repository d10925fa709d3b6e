#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace jetfleet {

/// float32 [1,3,H,W], BGR, 0–255, in host memory.
using Tensor = std::vector<float>;

/// Lends tensors and takes them back when their last owner lets go, so that frames allocate nothing
/// in the long run. As large as the most frames that were ever under way.
class TensorPool {
 public:
  std::shared_ptr<Tensor> Take() {
    std::unique_ptr<Tensor> tensor;
    {
      std::lock_guard<std::mutex> lock(shelf_->mutex);
      if (!shelf_->free.empty()) {
        tensor = std::move(shelf_->free.back());
        shelf_->free.pop_back();
      }
    }
    if (tensor == nullptr) tensor = std::make_unique<Tensor>();
    // The shelf lives as long as any tensor, for frames may outlive the pool.
    return {tensor.release(), [shelf = shelf_](Tensor* returned) {
              std::lock_guard<std::mutex> lock(shelf->mutex);
              shelf->free.emplace_back(returned);
            }};
  }

 private:
  struct Shelf {
    std::mutex mutex;
    std::vector<std::unique_ptr<Tensor>> free;
  };
  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

}  // namespace jetfleet
