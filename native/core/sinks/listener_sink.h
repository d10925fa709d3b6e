#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/pipeline_stats.h"
#include "core/queue.h"
#include "core/sinks/sink.h"

namespace jetfleet {

/// Hands frames to a pipeline's listener, with the statistics in between: a frame that comes alone
/// at once, those that come within `batch` of the last ones together. The time a frame lies in an
/// unfinished batch is part of its wait, so latencies are what the receiver sees.
///
/// Its listener never blocks, so whoever brings a frame hands it over: to wake a thread for each
/// costs more than to write it down. The thread of its own is for what is due later.
class ListenerSink final : public Sink {
 public:
  struct Options {
    StageId stage = 0;
    std::chrono::milliseconds batch{100};
    std::chrono::milliseconds stats_interval{1000};
  };
  struct Callbacks {
    std::function<PipelineFigures()> figures;
    /// Whether the end of that source is the end of all: then statistics come before it is told.
    std::function<bool(std::uint32_t source)> is_last;
    /// Called after the last frame of that source has been handed over, outside of any lock.
    std::function<void(std::uint32_t source)> on_end_of_stream;
    /// Called for a source's first frame of another model, when all before it were handed over.
    std::function<void(const ModelChange&)> on_model_change;
  };

  ListenerSink(const Options& options, PipelineListener* listener, Callbacks callbacks);
  ~ListenerSink() override;
  ListenerSink(const ListenerSink&) = delete;
  ListenerSink& operator=(const ListenerSink&) = delete;

  bool needs_surface() const override { return false; }
  void Consume(FramePtr frame) override;

  void Start();
  /// What comes afterwards is thrown away.
  void Close();
  void Join();

  /// Of frames in an unfinished batch.
  QueueLevels TakeLevels();
  StageMeter& meter() { return meter_; }

 private:
  void Run();
  // Under the lock.
  void Take(FramePtr frame);
  void NoteSource(const FrameResult& result);
  void NoteModel(const Frame& frame);
  void Flush();
  void Report(TimePoint now);

  const Options options_;
  PipelineListener* const listener_;
  const Callbacks callbacks_;
  StageMeter meter_;

  std::mutex mutex_;
  /// There is a new batch, or it is closed.
  std::condition_variable changed_;
  bool closed_ = false;
  /// Of all that ever came; what the sources' meters take is added to it.
  OutputMeter output_;
  std::vector<FramePtr> batch_;
  std::size_t most_waiting_ = 0;
  TimePoint batch_due_;
  /// Before the first: long ago, however short a time the machine has been up.
  TimePoint flushed_ = TimePoint::min();
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
