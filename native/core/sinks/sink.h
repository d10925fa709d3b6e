#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/frame.h"

namespace jetfleet {

/// Where frames end. A sink that may be slow has a queue and a thread of its own, so that it slows
/// nobody: those of live sources lose their oldest frames, which it counts.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Whether it reads `Frame::picture`; where none does, pictures are let go of after
  /// preprocessing.
  virtual bool needs_surface() const = 0;
  /// Any thread; frames of one source come in order, the end of a stream behind them.
  virtual void Consume(FramePtr frame) = 0;
};

/// Gives each sink a frame of its own.
class FanOut {
 public:
  /// Sinks outlive it.
  explicit FanOut(std::vector<Sink*> sinks) : sinks_(std::move(sinks)) {}

  bool needs_surface() const {
    return std::any_of(sinks_.begin(), sinks_.end(),
                       [](const Sink* sink) { return sink->needs_surface(); });
  }

  void Push(FramePtr frame) const {
    for (std::size_t i = 0; i + 1 < sinks_.size(); ++i) {
      auto copy = std::make_unique<Frame>(*frame);
      if (!sinks_[i]->needs_surface()) copy->picture.reset();
      sinks_[i]->Consume(std::move(copy));
    }
    if (sinks_.empty()) return;
    if (!sinks_.back()->needs_surface()) frame->picture.reset();
    sinks_.back()->Consume(std::move(frame));
  }

 private:
  const std::vector<Sink*> sinks_;
};

}  // namespace jetfleet
