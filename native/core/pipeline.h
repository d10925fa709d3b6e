#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/analytics/options.h"
#include "core/graph/branches.h"
#include "core/infer/batcher.h"
#include "core/pipeline_stats.h"
#include "core/secondary/secondary.h"
#include "core/sinks/listener_sink.h"
#include "core/track/tracker_options.h"

namespace jetfleet {

struct PipelineSource {
  std::string name;
  SourceOptions options;
  /// By GStreamer unless named.
  MakeSource make;
  /// The parts of its pictures that the model looks at, each by itself; none: the whole of them.
  /// Boxes are in the whole picture, and what several parts see counts once.
  std::vector<Region> regions;
  /// Pictures or parts that a batch has room for when it has room for one frame of each.
  static std::size_t SlotsOf(const std::vector<PipelineSource>& sources);
};

struct PipelineOptions {
  /// To begin with: 1 to `kMaxSources`, names of their own.
  std::vector<PipelineSource> sources;
  /// None: detections without ids.
  std::optional<TrackAlgorithm> track = TrackAlgorithm::kByteTrack;
  /// The model looks at every so many-th frame of each source, and the tracker tells of those
  /// between. 1 where there is no tracker.
  int detect_interval = 1;
  /// Of tracks; nothing comes of it without a tracker.
  std::optional<AnalyticsOptions> analytics;
  /// They look at tracks; nothing comes of them without a tracker.
  std::vector<SecondaryModel> secondaries;
  /// Of pictures that show nothing new the model looks at some only, where there is a tracker.
  std::optional<MotionOptions> motion;
  std::chrono::milliseconds stats_interval{1000};
  std::chrono::milliseconds batch{100};
  /// Between two looks at which lane has which source.
  std::chrono::milliseconds share_interval{2000};
  /// Beside the listener. They outlive the pipeline.
  std::vector<Sink*> sinks;
};

/// Sources and what their frames pass:
///
///   source ─ decode ┐                                   ┌ reorder ─ strand {track, analytics} ┐
///   source ─ decode ┴ batcher {preprocess} ─ lanes {detect} ┴ reorder ─ strand {track, analytics}
///   ┴ fan-out ─ sinks
///
/// Frames that the model need not look at go from the batcher to their reorder at once. Between
/// track and analytics, secondary models are given crops of tracks and have frames told what they
/// said; frames wait for that where all sources are files.
///
/// Each source has its own tracker, order and drops, and none waits for another: where one is lost
/// or cannot go on, the others do. A source that cannot go on fails the pipeline when no other is
/// left. Sources come and go while it runs, without a word to the others.
///
/// INVARIANTS: queues block for files and drop the oldest frame for live sources. Listener calls
/// end before `Stop` returns. `Stop` may be called more than once, from any thread but a
/// listener's. A place (`FrameId::source`) has another source only when the last frame of the
/// former one has left the pipeline.
class Pipeline {
 public:
  Pipeline(const PipelineOptions& options, std::shared_ptr<ModelProgram> model,
           PipelineListener* listener);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void Start();
  void Stop();

  /// From any thread but a listener's; one at a time, others wait. USAGE where its name is taken or
  /// `kMaxSources` are there, CANCELLED when the pipeline stops.
  Status AddSource(const PipelineSource& source);
  /// Returns when no frame of it can follow: those behind the decoder are finished, the rest is
  /// let go. It is not told to have ended. USAGE where none has that name or it is the only one.
  Status RemoveSource(const std::string& name);
  std::size_t sources() const { return branches_.All().size(); }
  /// Slots of a batch that takes one frame of each, in as many parts as the model looks at.
  std::size_t slots() const;

  /// Until then, live sources may wait a little longer instead of losing frames: loading a model
  /// takes processor time from the stages.
  void Stretch(TimePoint until);

  /// Puts a warm model to work between two frames: none is lost or seen twice for it, and tracks go
  /// on, but for those of a label that the model does not have. Returns when the model's first
  /// frame has left the pipeline; at once, with no `change`, when the source does not play.
  /// CANCELLED when the pipeline stops meanwhile. One call at a time, from any thread but a
  /// listener's.
  Status SwapModel(std::shared_ptr<ModelProgram> model, std::optional<ModelChange>* change);

  /// Lets the model go, and returns when nothing of it is left: for a board that has no room for
  /// two. Until `SwapModel` brings another, files wait, and live sources drop what their queues
  /// have no room for. CANCELLED when the pipeline stops meanwhile. Never during `SwapModel`.
  Status ReleaseModel();
  /// Ends it as one that cannot go on.
  void Fail(const Status& status);

  /// For the frames that come from now on, from any thread. MODEL_INVALID below 1, and above where
  /// no tracker tells of the frames between.
  Status SetDetectInterval(int interval);

  /// Of each live source only every so many-th picture goes on behind the decoder, from any thread;
  /// the others are dropped as `DropReason::kBudget`. Files lose nothing: their source waits. USAGE
  /// below 1.
  Status SetAdmission(int every);

 private:
  /// Of a frame that the model has looked at, or at a part of it, or that went past it.
  void OnDetected(FramePtr frame);
  void OnOrdered(Branch* branch, FramePtr frame);
  Branches::Ref MakeBranch(const PipelineSource& source,
                           const std::shared_ptr<const ModelProgram>& model);
  /// What follows inference.
  std::vector<Strand::Stage> MakeStages(Branch* branch,
                                        const std::shared_ptr<const ModelProgram>& model);
  void OpenSource(Branch* branch, const PipelineSource& source,
                  const std::shared_ptr<const ModelProgram>& model);
  SlotQueues::Limit LimitOf(const Branch& branch) const;
  /// Of sources that come or go: what live ones among them mean for the others.
  void NoteSources();
  /// The stage that asks secondary models.
  Strand::Stage AttributeStage(Branch* branch);
  void Drain(Branch* branch);
  void Retire(Branch* branch);
  void OnPicture(Branch* branch, FramePtr frame);
  /// False: the picture is dropped.
  bool Admits(Branch* branch) const;
  void SendEnd(Branch* branch);
  void OnSourceFailed(Branch* branch, const Status& status);
  void OnSourceState(Branch* branch, SourceState state, const Status& status);
  bool AllThrough() const;
  /// When no frame of it can follow.
  static void EndVisits(Branch* branch);
  /// When one has failed and none is left that may go on.
  void FailIfNoneGoesOn();
  bool closing() const;
  void Close();
  void OnModelChange(const ModelChange& change);
  bool IsLastEnd(std::uint32_t source) const;
  void OnEndOfStream(std::uint32_t source);
  void Wake();
  bool FramesAreComing() const;
  PipelineFigures TakeFigures();
  void TakeLanes(PipelineFigures* figures);
  void TakeSecondaries(PipelineFigures* figures);
  void SumUp(PipelineFigures* figures, std::deque<StageMeter>* sums);
  QueueLevels TakeDecodeLevels(Branch* branch, const DropCounts::Counts& drops);
  /// What lines and zones of one source count, to that of others. `gives`: as `Analysing` has it.
  static void AddAnalysed(Branch* branch, bool gives, std::optional<AnalyticsFigures>* sum);
  /// `sums` by stage.
  void TakeFigures(Branch* branch, PipelineFigures* figures, std::deque<StageMeter>* sums);

  const PipelineOptions options_;
  PipelineListener* const listener_;
  StageTable stages_;
  const StageId preprocess_ = stages_.Add("preprocess");
  const StageId detect_ = stages_.Add("detect");
  const StageId track_ = stages_.Add("track");
  const StageId secondary_ = stages_.Add("secondary");
  const StageId analytics_ = stages_.Add("analytics");
  const StageId publish_ = stages_.Add("publish");

  std::atomic<bool> failed_{false};
  std::atomic<int> admit_every_{1};
  /// No source is live.
  std::atomic<bool> all_files_{false};

  mutable std::mutex mutex_;
  /// A model has changed, a source has come to its end, or the pipeline closes.
  std::condition_variable event_;
  std::optional<ModelChange> model_change_;
  bool closing_ = false;
  /// Pictures of some source may stay where only an accelerator reads them.
  bool in_nvmm_ = false;

  /// Held while sources come or go, and while all are stopped.
  std::mutex sources_mutex_;
  /// Held while figures are taken, so that a source counts as there or as removed.
  std::mutex figures_mutex_;
  // Of sources that were removed.
  std::uint64_t dropped_formerly_ = 0;
  int tracks_formerly_ = 0;
  std::optional<AnalyticsFigures> analytics_formerly_;
  // Destroyed from the last to the first: who feeds goes before who is fed.
  ListenerSink listener_sink_;
  const FanOut fan_out_;
  Executor executor_;
  Secondaries secondaries_;
  Branches branches_;
  /// By place; all lanes write to them.
  std::deque<StageMeter> detect_meters_{kMaxSources};
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Batcher> batcher_;
};

}  // namespace jetfleet
