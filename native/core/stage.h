#pragma once

#include <functional>
#include <string>
#include <thread>

#include "core/frame.h"
#include "core/queue.h"
#include "core/status.h"

namespace jetfleet {

using FrameQueue = BoundedQueue<FramePtr>;

/// One bounded queue, one thread, one job: takes a frame, works on it, hands it on.
class Stage {
 public:
  using Work = std::function<Status(Frame&)>;
  /// Takes the frame; a false answer (stopping) is of no interest to the stage.
  using Next = std::function<void(FramePtr)>;
  using OnError = std::function<void(const Status&)>;

  Stage(StageId id, std::size_t capacity, Overflow overflow, Work work, Next next,
        OnError on_error);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  void Start();
  /// Ends the thread after the frame it works on. `Join` waits for that; not to be called by the
  /// thread.
  void Close() { queue_.Close(); }
  void Join();

  StageId id() const { return id_; }
  FrameQueue& queue() { return queue_; }
  StageMeter& meter() { return meter_; }

 private:
  void Run();

  const StageId id_;
  FrameQueue queue_;
  StageMeter meter_;
  Work work_;
  Next next_;
  OnError on_error_;
  std::thread thread_;
};

/// Name of the calling thread as `top -H` shows it, at most 15 characters.
void NameThisThread(const std::string& name);

}  // namespace jetfleet
