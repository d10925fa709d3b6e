#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/analytics/event.h"
#include "core/analytics/figures.h"
#include "core/frame.h"
#include "core/infer/lane.h"
#include "core/media/source.h"
#include "core/queue.h"
#include "core/secondary/secondary.h"
#include "core/status.h"
#include "core/trace.h"

namespace jetfleet {

/// A stage for the frames of one source.
struct StageReport {
  std::string name;
  /// By place in `PipelineFigures::sources`.
  std::uint32_t source = 0;
  StageFigures figures;
  QueueLevels queue;
  /// What works there, "cpu", "cuda", "gpu+dla0"; empty where it is always the CPU.
  std::string engine;
};

struct SourceFigures {
  std::string name;
  SourceState state = SourceState::kConnecting;
  int reconnects = 0;
  SourceMeter::Facts facts;
  /// Pictures that never became frames.
  DropCounts::Counts drops{};
  /// The lane that has all frames of it; nothing while frames are divided.
  std::optional<std::size_t> lane;
  /// The model looks at every so many-th frame.
  int detect_interval = 1;
  /// It need not look at pictures that show nothing new.
  bool watches_motion = false;
  /// Frames since the start that it has looked at, and that it has not, by `Skip`.
  std::array<std::uint64_t, kSkips> looked{};
  /// As `FrameId::source`.
  std::uint32_t place = 0;
  /// As `FrameResult::source`: tells it from a former source at that place.
  std::shared_ptr<const std::string> mark;
};

/// An accelerator's part in the work.
struct LaneReport {
  std::string accelerator;
  /// Empty where nobody knows.
  std::string precision;
  Lane::Figures figures;
};

/// A secondary model's work on the crops of all sources.
struct SecondaryReport {
  std::string name;
  /// As `ModelTag::id`.
  std::string model;
  Secondary::Figures figures;
  /// Crops that one run holds at most.
  std::size_t most = 1;
  /// Why it is one although the queue holds more; else empty.
  std::string unbatched;
};

/// What the pipeline knows beside what its last stage counts.
struct PipelineFigures {
  /// By source, and at the end the one that frames of all sources pass together.
  std::vector<StageReport> stages;
  /// Of several sources: each stage for the frames of all, by exact percentiles; else empty.
  std::vector<StageReport> sums;
  /// At least one.
  std::vector<SourceFigures> sources = std::vector<SourceFigures>(1);
  std::vector<LaneReport> lanes;
  int tracks_total = 0;
  /// Of all sources; nothing without lines and zones.
  std::optional<AnalyticsFigures> analytics;
  /// Of sources that were removed.
  std::uint64_t dropped_formerly = 0;
  std::vector<SecondaryReport> secondaries;
  /// Pictures, or parts of them, that are there for one run when each source has sent a frame.
  std::size_t slots = 1;
  /// Of them, what one run holds at most.
  std::int64_t batch = 1;
  /// Why it is one although the model takes more; else empty.
  std::string unbatched;
};

/// What came out at the sinks.
struct OutputFigures {
  double fps = 0;
  std::uint64_t frames_total = 0;
  std::optional<Percentiles> latency_ms;
  bool latency_from_capture = false;
  double copies_per_frame = 0;
  double copied_bytes_per_frame = 0;
};

/// `PipelineStats` of fleet/contract, without the name.
struct PipelineReport : OutputFigures {
  std::uint64_t dropped_total = 0;
  /// Of several sources, by place in `PipelineFigures::sources`; else empty.
  std::vector<OutputFigures> outputs;
  PipelineFigures figures;
};

/// A frame as results name it.
struct FrameMark {
  FrameId id;
  /// Number that travelled with the picture.
  std::optional<std::uint64_t> source_frame;
};

/// Where results of one model ended and those of the next began.
struct ModelChange {
  std::shared_ptr<const ModelTag> to;
  FrameMark last;
  FrameMark first;
  /// Between the two frames leaving the pipeline.
  double gap_ms = 0;
};

/// Receives what a pipeline has to say; called from the pipeline's threads, one call at a time for
/// frames and stats. Must not block on the thread that stops the pipeline.
class PipelineListener {
 public:
  virtual ~PipelineListener() = default;
  /// Never empty, and all by one model.
  virtual void OnFrames(std::vector<FrameResult> frames) = 0;
  virtual void OnStats(PipelineReport report) = 0;
  /// Of the source of that name. `kEnded` comes behind its last frame. A source that cannot go on
  /// while others do is lost.
  virtual void OnSource(const std::string& source, SourceState state, const Status& status) = 0;
  virtual void OnFailed(const Status& status) = 0;
  /// Something is wrong with a source that does not stop it. Each kind is told once per
  /// connection.
  virtual void OnWarning(const std::string& source, const Status& warning) {}
  /// Never empty, and all of one source, in order. Before or after the frame that they are of.
  virtual void OnAnalytics(const std::vector<AnalyticsEvent>& events) {}
};

/// Sums up frames as they leave the pipeline.
class OutputMeter {
 public:
  void Add(const Frame& frame);
  /// With `sum`, what it takes is added there, too.
  OutputFigures Take(TimePoint now, OutputMeter* sum = nullptr);

 private:
  void AddTo(OutputMeter* sum) const;

  TimePoint interval_start_ = Clock::now();
  std::size_t frames_ = 0;
  std::uint64_t frames_total_ = 0;
  std::size_t copies_ = 0;
  std::size_t copied_bytes_ = 0;
  Distribution from_capture_;
  Distribution from_arrival_;
};

}  // namespace jetfleet
