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
/// moment at most one thread: of the executor, or who brings a frame, while the frame before took
/// less than it takes to wake another thread. A frame that waits in a stage for others holds no
/// thread, and those behind it wait in the queue. Held by shared_ptr, also by the executor.
class Strand final : public Executor::Task, public std::enable_shared_from_this<Strand> {
 public:
  /// To be called once, by any thread.
  using Resume = std::function<void()>;
  struct Stage {
    StageId id = 0;
    std::function<Status(Frame&)> work;
    /// What comes before `work` where the frame may have to wait: sets `*waits` when `resume` is
    /// going to be called, and is called again after that.
    std::function<Status(Frame&, Resume resume, bool* waits)> ask = nullptr;
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
  enum class Outcome { kDone, kFailed, kWaits };

  void Schedule();
  /// The stages that are left of `frame_`. After `kWaits`, another thread may be at it already.
  Outcome Work(Status* status);
  Outcome Ask(const Stage& stage, Status* status);

  Executor* const executor_;
  FrameQueue queue_;
  const std::vector<Stage> stages_;
  const Callbacks callbacks_;
  std::vector<std::unique_ptr<StageMeter>> meters_;
  /// Posted, running, or waiting.
  std::atomic<bool> scheduled_{false};
  // For the thread that has it.
  FramePtr frame_;
  std::size_t stage_ = 0;
  TimePoint began_{};
  TimePoint stage_began_{};
  bool is_short_ = false;
  /// Of the thread that asks and the one that resumes, the last goes on.
  std::atomic<int> to_come_{0};
};

}  // namespace jetfleet
