#pragma once

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "core/pipeline_stats.h"
#include "core/stage.h"

namespace jetfleet {

/// The last stage: gathers frames into batches and hands them over, with the statistics in between.
/// The time a frame lies in an unfinished batch is part of its wait, so latencies are what the
/// receiver sees.
class Publisher {
 public:
  struct Options {
    std::size_t capacity = 8;
    Overflow overflow = Overflow::kBlock;
    std::chrono::milliseconds batch{100};
    std::chrono::milliseconds stats_interval{1000};
  };
  struct Callbacks {
    std::function<PipelineFigures()> figures;
    /// Called after the last frame of a file has been handed over.
    std::function<void()> on_end_of_stream;
    /// Called for the first frame of another model, when all before it were handed over.
    std::function<void(const ModelChange&)> on_model_change;
  };

  Publisher(const Options& options, PipelineListener* listener, Callbacks callbacks);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  void Start();
  void Close() { queue_.Close(); }
  void Join();

  FrameQueue& queue() { return queue_; }
  StageMeter& meter() { return meter_; }

 private:
  void Run();
  void Take(FramePtr frame);
  void NoteModel(const Frame& frame);
  void Flush();
  void Report(TimePoint now);

  const Options options_;
  PipelineListener* const listener_;
  const Callbacks callbacks_;
  FrameQueue queue_;
  StageMeter meter_;
  OutputMeter output_;
  std::vector<FramePtr> batch_;
  TimePoint batch_due_;
  /// Of the last frame that came out.
  std::shared_ptr<const ModelTag> model_;
  FrameMark last_;
  TimePoint last_out_;
  std::thread thread_;
};

}  // namespace jetfleet
