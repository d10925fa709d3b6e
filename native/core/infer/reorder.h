#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "core/frame.h"

namespace jetfleet {

/// Brings the frames of one source back into their order behind lanes that finish when they like
/// and those that went past inference. `Frame::sequence` has no gaps: a frame that was dropped is
/// added, too, and goes no further. Any thread; frames come out one at a time.
class Reorder {
 public:
  using Out = std::function<void(FramePtr)>;

  explicit Reorder(Out out) : out_(std::move(out)) {}

  void Add(FramePtr frame) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (frame->sequence != next_) {
      early_.emplace(frame->sequence, std::move(frame));
      return;
    }
    Release(std::move(frame));
    while (!early_.empty() && early_.begin()->first == next_) {
      Release(std::move(early_.extract(early_.begin()).mapped()));
    }
  }

 private:
  void Release(FramePtr frame) {
    ++next_;
    if (!frame->dropped) out_(std::move(frame));
  }

  const Out out_;
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, FramePtr> early_;
};

}  // namespace jetfleet
