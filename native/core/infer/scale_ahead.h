#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "core/frame.h"
#include "core/prepare/scaled_frame.h"

namespace jetfleet {

/// Scales a source's pictures by the thread that decoded them. There a picture is still near: read
/// by another processor, it costs that one 0.2 ms at 1080p to fetch it and the decoder 0.4 ms to
/// get its memory back, of 20. Only for sources that lose no frame: others would work for frames
/// that are dropped. One for each source.
class ScaleAhead {
 public:
  /// Leaves alone what the accelerator prepares, and what the CPU cannot read: the error belongs to
  /// preprocessing. Else the frame is bound to `model`, and its picture is let go of.
  void Run(std::shared_ptr<ModelProgram> model, Frame* frame);

 private:
  /// What is used again: the latest first, whose memory is the nearest.
  struct Shelf {
    std::mutex mutex;
    std::vector<std::unique_ptr<ScaledFrame>> free;
  };

  std::shared_ptr<ScaledFrame> Take();

  /// Kept alive by each frame that is out.
  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

}  // namespace jetfleet
