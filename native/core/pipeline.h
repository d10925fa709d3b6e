#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/media/source.h"
#include "core/model.h"
#include "core/pipeline_stats.h"
#include "core/publisher.h"
#include "core/stage.h"
#include "core/track/byte_track.h"

namespace jetfleet {

struct PipelineOptions {
  SourceOptions source;
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
  Pipeline(const PipelineOptions& options, std::shared_ptr<Model> model,
           PipelineListener* listener);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void Start();
  void Stop();

  /// Until then, live sources may wait a little longer instead of losing frames: loading a model
  /// takes processor time from the stages.
  void Stretch(TimePoint until);

  /// Puts a warm model to work between two frames: none is lost or seen twice for it, and tracks go
  /// on, but for those of a label that the model does not have. Returns when the model's first
  /// frame has left the pipeline; at once, with no `change`, when the source does not play.
  /// CANCELLED when the pipeline stops meanwhile. One call at a time, from any thread but a
  /// listener's.
  Status SwapModel(std::shared_ptr<Model> model, std::optional<ModelChange>* change);

 private:
  Status Preprocess(Frame& frame);
  Status Detect(Frame& frame);
  Status TrackObjects(Frame& frame);
  void OnPicture(FramePtr frame);
  void OnSourceState(SourceState state, const Status& status);
  void Fail(const Status& status);
  void Close();
  std::shared_ptr<Model> CurrentModel();
  void OnModelChange(const ModelChange& change);
  void OnEndOfStream();
  void WakeSwap();
  bool FramesAreComing() const;
  PipelineFigures TakeFigures();

  const PipelineOptions options_;
  PipelineListener* const listener_;
  ByteTracker tracker_;
  /// What `tracker_` last heard of; null without a tracker, for it would keep a former model.
  std::shared_ptr<Model> tracked_model_;
  Size tracked_size_;
  TensorPool tensors_;

  std::atomic<bool> failed_{false};
  std::atomic<int> tracks_total_{0};
  std::atomic<SourceState> source_state_{SourceState::kConnecting};
  std::uint64_t next_index_ = 0;
  StageMeter decode_meter_;

  std::mutex model_mutex_;
  std::condition_variable model_event_;
  /// For frames whose preprocessing is yet to begin.
  std::shared_ptr<Model> model_;
  std::optional<ModelChange> model_change_;
  bool closing_ = false;
  /// The last frame of a file has left.
  std::atomic<bool> drained_{false};

  std::mutex stop_mutex_;
  // Destroyed from the last to the first: the source must be gone before the stages it feeds.
  Publisher publisher_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::unique_ptr<Source> source_;
};

}  // namespace jetfleet
