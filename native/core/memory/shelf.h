#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace jetfleet {

/// Lends things and takes them back when their last user lets go; the latest, whose memory is the
/// nearest, is lent first. Holds as many as were ever out at once. Thread-safe; what is out may
/// outlive the shelf.
template <typename T>
class Shelf {
 public:
  /// Null when none can be made.
  using Make = std::function<std::shared_ptr<T>()>;
  /// Of one that comes back.
  using Tidy = std::function<void(T*)>;

  explicit Shelf(Make make, Tidy tidy = nullptr)
      : make_(std::move(make)), state_(std::make_shared<State>(std::move(tidy))) {}

  /// As its last user left it. Null when none can be made.
  std::shared_ptr<T> Take() {
    std::shared_ptr<T> owner;
    {
      const std::lock_guard<std::mutex> lock(state_->mutex);
      if (!state_->free.empty()) {
        owner = std::move(state_->free.back());
        state_->free.pop_back();
      }
    }
    if (owner == nullptr) {
      owner = make_();
      if (owner == nullptr) return nullptr;
      const std::lock_guard<std::mutex> lock(state_->mutex);
      // Room for all, so that giving back never allocates.
      state_->free.reserve(++state_->made);
    }
    T* const lent = owner.get();
    return {lent, [state = state_, owner = std::move(owner)](T* returned) mutable {
              if (state->tidy) state->tidy(returned);
              const std::lock_guard<std::mutex> lock(state->mutex);
              state->free.push_back(std::move(owner));
            }};
  }

  /// So far.
  std::size_t made() const {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    return state_->made;
  }

 private:
  struct State {
    explicit State(Tidy with) : tidy(std::move(with)) {}
    const Tidy tidy;
    std::mutex mutex;
    std::vector<std::shared_ptr<T>> free;
    std::size_t made = 0;
  };

  const Make make_;
  /// Kept alive by each that is out.
  const std::shared_ptr<State> state_;
};

}  // namespace jetfleet
