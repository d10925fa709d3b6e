#pragma once

#include <memory>

#include "core/frame.h"
#include "core/memory/shelf.h"
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
  Shelf<ScaledFrame> frames_{[] { return std::make_shared<ScaledFrame>(); }};
};

}  // namespace jetfleet
