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
    : options_(options), listener_(listener), callbacks_(std::move(callbacks)) {}

ListenerSink::~ListenerSink() {
  Close();
  Join();
}

void ListenerSink::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ListenerSink::Close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

void ListenerSink::Join() {
  if (thread_.joinable()) thread_.join();
}

void ListenerSink::Consume(FramePtr frame) {
  const bool ends = frame->end_of_stream;
  const std::uint32_t source = frame->result.id.source;
  bool begins = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return;
    Take(std::move(frame));
    if (!batch_.empty() && (Clock::now() >= batch_due_ || batch_.size() >= kMaxBatch)) Flush();
    begins = batch_.size() == 1;
  }
  if (begins) changed_.notify_all();
  if (ends) callbacks_.on_end_of_stream(source);
}

void ListenerSink::Run() {
  NameThisThread("jf-publish");
  TimePoint stats_due = Clock::now() + options_.stats_interval;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!closed_) {
    changed_.wait_until(lock, batch_.empty() ? stats_due : std::min(stats_due, batch_due_));
    if (closed_) break;
    const TimePoint now = Clock::now();
    if (!batch_.empty() && now >= batch_due_) Flush();
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
    if (callbacks_.is_last(frame->result.id.source)) Report(Clock::now());
    return;
  }
  NoteSource(frame->result);
  NoteModel(*frame);
  if (batch_.empty()) batch_due_ = flushed_ + options_.batch;
  batch_.push_back(std::move(frame));
  most_waiting_ = std::max(most_waiting_, batch_.size());
}

/// A place may have changed hands.
void ListenerSink::NoteSource(const FrameResult& result) {
  Last& last = last_[result.id.source];
  if (last.source == result.source) return;
  // What it counts has yet to be added up.
  if (last.source != nullptr) Flush();
  last.output.Take(Clock::now(), &output_);
  last = {};
  last.source = result.source;
}

/// No batch holds results of two models.
void ListenerSink::NoteModel(const Frame& frame) {
  const FrameResult& result = frame.result;
  FrameMark mark{result.id, std::nullopt};
  if (result.tag) mark.source_frame = result.tag->frame_number;
  const TimePoint now = Clock::now();
  if (!batch_.empty() && batch_.back()->result.model != result.model) Flush();
  Last& last = last_[result.id.source];
  if (last.model != nullptr && last.model != result.model) {
    callbacks_.on_model_change({result.model, last.mark, mark, FrameTrace::Ms(now - last.out)});
  }
  last.model = result.model;
  last.mark = mark;
  last.out = now;
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
    last_[frame->result.id.source].output.Add(*frame);
  }
  batch_.clear();
  flushed_ = end;
}

QueueLevels ListenerSink::TakeLevels() {
  const std::size_t level = batch_.size();
  return {level, std::exchange(most_waiting_, level), kMaxBatch, 0, 0};
}

void ListenerSink::Report(TimePoint now) {
  std::vector<OutputFigures> outputs;
  for (Last& last : last_) outputs.push_back(last.output.Take(now, &output_));
  PipelineReport report{output_.Take(now), 0, {}, callbacks_.figures()};
  const std::vector<SourceFigures>& sources = report.figures.sources;
  for (std::size_t i = 0; i < sources.size() && sources.size() > 1; ++i) {
    // One that has sent nothing yet is not its place's former source.
    const bool came = last_[sources[i].place].source == sources[i].mark;
    report.outputs.push_back(came ? outputs[sources[i].place] : OutputFigures{});
  }
  report.dropped_total = report.figures.dropped_formerly;
  for (const StageReport& stage : report.figures.stages) {
    report.dropped_total += stage.queue.drops_total;
  }
  listener_->OnStats(std::move(report));
}

}  // namespace jetfleet
