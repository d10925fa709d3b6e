#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/graph/analysing.h"
#include "core/graph/attributing.h"
#include "core/graph/strand.h"
#include "core/graph/tracking.h"
#include "core/infer/reorder.h"
#include "core/media/frame_source.h"
#include "core/region.h"

namespace jetfleet {

/// One source of a pipeline with what is its own: numbers of frames, order behind inference, the
/// strand with its tracker. What is shared, batching and inference, lies between the two halves.
struct Branch {
  std::shared_ptr<const std::string> name;
  /// As `FrameId::source`.
  std::uint32_t place = 0;
  Overflow overflow = Overflow::kBlock;
  std::chrono::milliseconds timeout{0};
  std::atomic<SourceState> state{SourceState::kConnecting};
  /// For the source's thread.
  std::uint64_t next_index = 0;
  /// Pictures since the last one that was admitted; for the source's thread.
  int since_admitted = 0;
  StageMeter decode_meter;
  /// Frames that were looked at, and those that were not, by `Skip`.
  std::array<std::atomic<std::uint64_t>, kSkips> looked{};
  /// Before the current interval. For the thread that takes figures.
  std::size_t decode_drops = 0;
  /// How a file ended; written before the frame that marks the end.
  Status end;
  /// The frame that marks the end was sent; for the source's thread, and behind that for who
  /// removes it.
  bool end_sent = false;
  /// Its last frame has left the pipeline.
  std::atomic<bool> drained{false};
  /// Nobody is told any more what becomes of it.
  std::atomic<bool> removing{false};
  /// It cannot go on, at least not now; `failure` says why.
  std::atomic<bool> failed{false};
  std::mutex failure_mutex;
  Status failure;
  /// What of its pictures the model looks at; null: all of them.
  std::shared_ptr<const std::vector<Region>> regions;
  /// Null without a tracker.
  std::unique_ptr<Tracking> tracking;
  /// Null without secondary models.
  std::unique_ptr<Attributing> attributing;
  /// Null without lines and zones. Whoever takes the source away calls its `End`.
  std::unique_ptr<Analysing> analysing;
  std::shared_ptr<Strand> strand;
  std::unique_ptr<Reorder> reorder;
  // Destroyed first: it feeds all the others.
  std::unique_ptr<FrameSource> source;
};

}  // namespace jetfleet
