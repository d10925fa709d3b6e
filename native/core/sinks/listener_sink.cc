#include "core/sinks/listener_sink.h"

#include <algorithm>
#include <utility>

#include "core/graph/thread_name.h"

namespace jetfleet {
namespace {

/// A batch also ends here, so that a fast file does not make messages of any size.
constexpr std::size_t kMaxBatch = 64;

}  // namespace

ListenerSink::ListenerSink(const Options& options, PipelineListener* listener, Callbacks callbacks)
    : options_(options),
      listener_(listener),
      callbacks_(std::move(callbacks)),
      queue_(options.capacity, options.overflow, WasSkipped),
      outputs_(options.sources > 1 ? options.sources : 0),
      last_(options.sources) {}

ListenerSink::~ListenerSink() {
  Close();
  Join();
}

void ListenerSink::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ListenerSink::Join() {
  if (thread_.joinable()) thread_.join();
}

void ListenerSink::Run() {
  NameThisThread("jf-publish");
  TimePoint stats_due = Clock::now() + options_.stats_interval;
  FramePtr frame;
  while (true) {
    const TimePoint due = batch_.empty() ? stats_due : std::min(stats_due, batch_due_);
    const auto popped = queue_.PopUntil(&frame, due);
    if (popped == BoundedQueue<FramePtr>::PopResult::kClosed) break;
    if (popped == BoundedQueue<FramePtr>::PopResult::kItem) Take(std::move(frame));
    const TimePoint now = Clock::now();
    if (!batch_.empty() && (now >= batch_due_ || batch_.size() >= kMaxBatch)) Flush();
    if (now >= stats_due) {
      Report(now);
      stats_due = now + options_.stats_interval;
    }
  }
  // What was finished before the stop is still of interest.
  Flush();
}

void ListenerSink::Take(FramePtr frame) {
  if (frame->end_of_stream) {
    Flush();
    if (++ended_ == options_.sources) Report(Clock::now());
    callbacks_.on_end_of_stream(frame->result.id.source);
    return;
  }
  NoteModel(*frame);
  if (batch_.empty()) batch_due_ = flushed_ + options_.batch;
  batch_.push_back(std::move(frame));
}

/// No batch holds results of two models.
void ListenerSink::NoteModel(const Frame& frame) {
  const FrameResult& result = frame.result;
  FrameMark mark{result.id, std::nullopt};
  if (result.tag) mark.source_frame = result.tag->frame_number;
  const TimePoint now = Clock::now();
  if (!batch_.empty() && batch_.back()->result.model != result.model) Flush();
  Last& last = last_[result.id.source];
  const Last former = std::exchange(last, {result.model, mark, now});
  if (former.model != nullptr && former.model != result.model) {
    callbacks_.on_model_change({result.model, former.mark, mark, FrameTrace::Ms(now - former.out)});
  }
}

void ListenerSink::Flush() {
  if (batch_.empty()) return;
  const TimePoint start = Clock::now();
  std::vector<FrameResult> results;
  results.reserve(batch_.size());
  for (const FramePtr& frame : batch_) {
    const auto tag = frame->result.tag;
    results.push_back(std::move(frame->result));
    frame->result.tag = tag;  // the meters below still need it
  }
  listener_->OnFrames(std::move(results));
  const TimePoint end = Clock::now();
  for (const FramePtr& frame : batch_) {
    frame->trace.Record(options_.stage, start, end);
    meter_.Add(frame->trace.WaitMs(options_.stage), frame->trace.WorkMs(options_.stage));
    output_.Add(*frame);
    if (!outputs_.empty()) outputs_[frame->result.id.source].Add(*frame);
  }
  batch_.clear();
  flushed_ = end;
}

void ListenerSink::Report(TimePoint now) {
  PipelineReport report{output_.Take(now), 0, {}, {}};
  for (OutputMeter& output : outputs_) report.outputs.push_back(output.Take(now));
  report.figures = callbacks_.figures();
  for (const StageReport& stage : report.figures.stages) {
    report.dropped_total += stage.queue.drops_total;
  }
  listener_->OnStats(std::move(report));
}

}  // namespace jetfleet
