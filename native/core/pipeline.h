#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/detect/detector.h"
#include "core/detect/preprocess.h"
#include "core/media/source.h"
#include "core/pipeline_stats.h"
#include "core/publisher.h"
#include "core/stage.h"
#include "core/track/byte_track.h"

namespace jetfleet {

struct PipelineOptions {
  SourceOptions source;
  float min_score = 0.4F;
  bool track = true;
  std::chrono::milliseconds stats_interval{1000};
  std::chrono::milliseconds batch{100};
};

/// A source and the stages behind it: decode → preprocess → detect → track → publish, each with one
/// bounded queue and one thread.
///
/// INVARIANTS: queues block for files and drop the oldest frame for live sources. Listener calls
/// end before `Stop` returns. `Stop` may be called more than once, from any thread but a
/// listener's.
class Pipeline {
 public:
  Pipeline(const PipelineOptions& options, std::unique_ptr<Detector> detector,
           PipelineListener* listener);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void Start();
  void Stop();

 private:
  Status Preprocess(Frame& frame);
  Status Detect(Frame& frame);
  Status TrackObjects(Frame& frame);
  void OnPicture(FramePtr frame);
  void OnSourceState(SourceState state, const Status& status);
  void Fail(const Status& status);
  void Close();
  PipelineFigures TakeFigures();

  const PipelineOptions options_;
  PipelineListener* const listener_;
  const std::unique_ptr<Detector> detector_;
  Preprocessor preprocessor_;
  ByteTracker tracker_;
  TensorPool tensors_;

  std::atomic<bool> failed_{false};
  std::atomic<int> tracks_total_{0};
  std::atomic<SourceState> source_state_{SourceState::kConnecting};
  std::uint64_t next_index_ = 0;
  StageMeter decode_meter_;

  std::mutex stop_mutex_;
  // Destroyed from the last to the first: the source must be gone before the stages it feeds.
  Publisher publisher_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::unique_ptr<Source> source_;
};

}  // namespace jetfleet
