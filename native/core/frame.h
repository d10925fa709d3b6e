#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/decode/placement.h"
#include "core/geometry.h"
#include "core/infer/model_program.h"
#include "core/memory/copies.h"
#include "core/memory/surface.h"
#include "core/prepare/scaled_frame.h"
#include "core/queue.h"
#include "core/region.h"
#include "core/secondary/attribute.h"
#include "core/sei.h"
#include "core/trace.h"

namespace jetfleet {

/// A source of a pipeline by its place, which another may have when it was removed, and a frame by
/// its number among those that came out of that source's decoder, from 0.
struct FrameId {
  std::uint32_t source = 0;
  std::uint64_t index = 0;
};

/// Why the model did not look at a frame.
enum class Skip {
  kNo,
  /// It looks at every nth.
  kInterval,
  /// The picture does not differ from the last one that it has looked at.
  kStill,
};
constexpr std::size_t kSkips = 3;
/// As results and statistics name it; empty for none.
const char* SkipName(Skip skip);

/// What is known of a frame when it leaves the pipeline; no picture any more.
struct FrameResult {
  std::shared_ptr<const ModelTag> model;
  /// The source's name in the pipeline; shared by all its frames.
  std::shared_ptr<const std::string> source;
  std::optional<FrameTag> tag;
  /// By the camera's clock, milliseconds since 1970; from the tag or from RTCP sender reports.
  std::optional<double> captured_at_ms;
  /// From the camera to this device; nothing while that is not known.
  std::optional<double> way_ms;
  FrameId id;
  double pts_ms = 0;
  /// Upright and with square pixels: what boxes are in.
  Size size;
  /// Where it is not `kNo`, `detections` are empty and `tracks` are what the tracker expects.
  Skip skip = Skip::kNo;
  std::vector<Detection> detections;
  /// Nothing when the pipeline has no tracker.
  std::optional<std::vector<Track>> tracks;
  /// In the order of `tracks`, and of secondary models.
  std::vector<TrackAttribute> attributes;
};

class Assembly;

/// A frame on its way through the stages. Owned by one stage or queue at a time.
struct Frame {
  FrameTrace trace;
  FrameResult result;
  CopyCount copies;
  /// What the model looks at. Let go of when the last stage that reads it is done: the decoder's
  /// pool is small.
  SurfaceRef surface;
  /// Where that begins in the whole picture, in pixels of `result.size`.
  float left = 0;
  float top = 0;
  /// The parts of `surface` that the model sees in place of it, two or more; null: it sees it
  /// whole.
  std::shared_ptr<const std::vector<Region>> regions;
  /// Of a part: where its picture waits for it and the others, and its number among them.
  std::shared_ptr<Assembly> assembly;
  std::size_t part = 0;
  /// The whole picture, kept for secondary models and sinks that read pictures; empty where there
  /// are none.
  SurfaceRef picture;
  /// Chosen when preprocessing begins.
  std::shared_ptr<ModelProgram> model;
  /// In place of the surface, for `model`, where a part of preprocessing is done.
  std::shared_ptr<const ScaledFrame> scaled;
  Placement placement;
  /// Detections down to the tracker's low threshold, before the user's `minScore`.
  std::vector<Detection> candidates;
  /// Place among the frames of its source that came to the batcher, from 0.
  std::uint64_t sequence = 0;
  /// Only its place is of interest any more.
  bool dropped = false;
  /// Marks the end of a file: carries no picture and is passed on by every stage.
  bool end_of_stream = false;
};

using FramePtr = std::unique_ptr<Frame>;

/// No model has looked at it: queues that drop let go of it first.
inline bool WasSkipped(const FramePtr& frame) { return frame->result.skip != Skip::kNo; }

/// Without its end, nobody would know that a stream is over.
template <>
struct Indispensable<FramePtr> {
  static bool Test(const FramePtr& frame) { return frame->end_of_stream; }
};

/// That one pipeline takes at a time: a board's decoder has room for about so many.
constexpr std::size_t kMaxSources = 16;

}  // namespace jetfleet
