#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "core/frame.h"
#include "core/graph/executor.h"
#include "core/queue.h"
#include "core/status.h"

namespace jetfleet {

using FrameQueue = BoundedQueue<FramePtr>;

/// The stages of one source behind inference, one after the other: a bounded queue, and at any
/// moment at most one thread of the executor. Held by shared_ptr, also by the executor.
class Strand final : public Executor::Task, public std::enable_shared_from_this<Strand> {
 public:
  struct Stage {
    StageId id = 0;
    std::function<Status(Frame&)> work;
  };
  struct Callbacks {
    std::function<void(FramePtr)> next;
    std::function<void(const Status&)> on_error;
  };

  Strand(Executor* executor, std::size_t capacity, Overflow overflow, std::vector<Stage> stages,
         Callbacks callbacks);

  /// Any thread. The end of a stream passes through all stages untouched.
  void Push(FramePtr frame);
  void Close() { queue_.Close(); }

  FrameQueue& queue() { return queue_; }
  std::size_t stages() const { return stages_.size(); }
  StageId id(std::size_t stage) const { return stages_[stage].id; }
  StageMeter& meter(std::size_t stage) { return *meters_[stage]; }

  void Run() override;

 private:
  void Schedule();
  Status Work(Frame* frame);

  Executor* const executor_;
  FrameQueue queue_;
  const std::vector<Stage> stages_;
  const Callbacks callbacks_;
  std::vector<std::unique_ptr<StageMeter>> meters_;
  /// Posted, or running.
  std::atomic<bool> scheduled_{false};
};

}  // namespace jetfleet
