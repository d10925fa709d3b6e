#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/queue.h"

namespace jetfleet {

/// A few threads for all strands of a pipeline: their work is small, and a thread for each would
/// mostly sleep.
class Executor {
 public:
  class Task {
   public:
    virtual ~Task() = default;
    virtual void Run() = 0;
  };

  explicit Executor(std::size_t threads);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void Start();
  /// The task runs once for each call. False when closed. At most `kMostTasks` wait.
  bool Post(std::shared_ptr<Task> task) { return tasks_.Push(std::move(task)); }
  void Close() { tasks_.Close(); }
  void Join();

  /// More than strands there are, and a strand is posted at most once at a time.
  static constexpr std::size_t kMostTasks = 1024;

 private:
  const std::size_t count_;
  BoundedQueue<std::shared_ptr<Task>> tasks_{kMostTasks, Overflow::kBlock};
  std::vector<std::thread> threads_;
};

}  // namespace jetfleet
