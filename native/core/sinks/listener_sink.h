#pragma once

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "core/pipeline_stats.h"
#include "core/queue.h"
#include "core/sinks/sink.h"

namespace jetfleet {

/// Hands frames to a pipeline's listener, with the statistics in between: a frame that comes alone
/// at once, those that come within `batch` of the last ones together. The time a frame lies in an
/// unfinished batch is part of its wait, so latencies are what the receiver sees. Its listener
/// never blocks, so a file's frames wait for room instead of being lost.
class ListenerSink final : public Sink {
 public:
  struct Options {
    StageId stage = 0;
    std::size_t capacity = 8;
    Overflow overflow = Overflow::kBlock;
    std::chrono::milliseconds batch{100};
    std::chrono::milliseconds stats_interval{1000};
  };
  struct Callbacks {
    std::function<PipelineFigures()> figures;
    /// Whether the end of that source is the end of all: then statistics come before it is told.
    std::function<bool(std::uint32_t source)> is_last;
    /// Called after the last frame of that source has been handed over.
    std::function<void(std::uint32_t source)> on_end_of_stream;
    /// Called for a source's first frame of another model, when all before it were handed over.
    std::function<void(const ModelChange&)> on_model_change;
  };

  ListenerSink(const Options& options, PipelineListener* listener, Callbacks callbacks);
  ~ListenerSink() override;
  ListenerSink(const ListenerSink&) = delete;
  ListenerSink& operator=(const ListenerSink&) = delete;

  bool needs_surface() const override { return false; }
  void Consume(FramePtr frame) override { queue_.Push(std::move(frame)); }

  void Start();
  void Close() { queue_.Close(); }
  void Join();

  BoundedQueue<FramePtr>& queue() { return queue_; }
  StageMeter& meter() { return meter_; }

 private:
  void Run();
  void Take(FramePtr frame);
  void NoteSource(const FrameResult& result);
  void NoteModel(const Frame& frame);
  void Flush();
  void Report(TimePoint now);

  const Options options_;
  PipelineListener* const listener_;
  const Callbacks callbacks_;
  BoundedQueue<FramePtr> queue_;
  StageMeter meter_;
  /// Of all that ever came; what the sources' meters take is added to it.
  OutputMeter output_;
  std::vector<FramePtr> batch_;
  TimePoint batch_due_;
  TimePoint flushed_{};
  /// By place: the source that has it, and the last frame of it that came out.
  struct Last {
    std::shared_ptr<const std::string> source;
    OutputMeter output;
    std::shared_ptr<const ModelTag> model;
    FrameMark mark;
    TimePoint out;
  };
  std::vector<Last> last_{kMaxSources};
  std::thread thread_;
};

}  // namespace jetfleet
