#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/detect/letterbox.h"
#include "core/geometry.h"
#include "core/memory/copies.h"
#include "core/memory/surface.h"
#include "core/model.h"
#include "core/sei.h"
#include "core/tensor_pool.h"
#include "core/trace.h"

namespace jetfleet {

/// What is known of a frame when it leaves the pipeline; no picture any more.
struct FrameResult {
  std::shared_ptr<const ModelTag> model;
  std::optional<FrameTag> tag;
  std::uint64_t index = 0;
  double pts_ms = 0;
  Size size;
  std::vector<Detection> detections;
  /// Nothing when the pipeline has no tracker.
  std::optional<std::vector<Track>> tracks;
};

/// A frame on its way through the stages. Owned by one stage or queue at a time.
struct Frame {
  FrameTrace trace;
  FrameResult result;
  CopyCount copies;
  /// Freed as soon as preprocessing is done: the decoder's pool is small.
  SurfaceRef surface;
  /// Chosen when preprocessing begins.
  std::shared_ptr<Model> model;
  std::shared_ptr<Tensor> tensor;
  Letterbox letterbox;
  /// Detections down to the tracker's low threshold, before the user's `minScore`.
  std::vector<Detection> candidates;
  /// Marks the end of a file: carries no picture and is passed on by every stage.
  bool end_of_stream = false;
};

using FramePtr = std::unique_ptr<Frame>;

}  // namespace jetfleet
