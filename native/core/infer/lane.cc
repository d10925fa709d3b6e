#include "core/infer/lane.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/graph/thread_name.h"

namespace jetfleet {
namespace {

/// A run being worked on and one that is ready behind it; more only makes frames older.
constexpr std::uint32_t kMostTickets = 2;
/// Weight of the newest run in what a frame is known to take.
constexpr double kNewest = 0.2;

}  // namespace

Lane::Lane(std::size_t number, const Options& options, Callbacks callbacks)
    : number_(number), options_(options), callbacks_(std::move(callbacks)) {}

Lane::~Lane() {
  Close();
  Join();
}

void Lane::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Lane::Close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

void Lane::Join() {
  if (thread_.joinable()) thread_.join();
}

bool Lane::HasRoom(const ModelProgram& model) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return runs_ < std::min(model.tickets(), kMostTickets);
}

Lane::Figures Lane::figures() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {frames_, frame_ms_ > 0 ? 1000 / frame_ms_ : 0, overfull_};
}

double Lane::ExpectedMs() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<double>(runs_ + 1) * frame_ms_;
}

Status Lane::Submit(std::unique_ptr<Batch> batch) {
  const Status status = batch->model->Submit(number_, batch->tensors, &batch->ticket);
  if (!status.ok()) return status;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++runs_;
    in_flight_.push_back(std::move(batch));
  }
  changed_.notify_one();
  return status;
}

void Lane::Pass(FramePtr frame) {
  auto batch = std::make_unique<Batch>();
  batch->frames.push_back(std::move(frame));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    in_flight_.push_back(std::move(batch));
  }
  changed_.notify_one();
}

void Lane::Run() {
  NameThisThread("jf-infer-" + std::to_string(number_));
  while (true) {
    std::unique_ptr<Batch> batch;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return closed_ || !in_flight_.empty(); });
      if (in_flight_.empty()) return;
      batch = std::move(in_flight_.front());
      in_flight_.pop_front();
    }
    const bool works_in_wait = batch->model != nullptr && batch->model->tickets() == 1;
    const Status status = Finish(batch.get());
    // The next run may have its memory, which is near.
    batch.reset();
    if (works_in_wait) callbacks_.on_room();
    if (!status.ok()) callbacks_.on_error(status);
  }
}

Status Lane::Finish(Batch* batch) {
  if (batch->model == nullptr) {
    callbacks_.on_frame(std::move(batch->frames.front()));
    return Status::Ok();
  }
  // The accelerator begins with a run when it is done with the one before.
  const TimePoint start = std::max(free_since_, batch->frames.front()->trace.last_end());
  const TimePoint asked = Clock::now();
  const Status status = batch->model->context(number_).Wait(batch->ticket);
  free_since_ = Clock::now();
  // A backend that works in `Wait` has only begun when it was asked.
  const TimePoint began = batch->model->tickets() > 1 ? start : asked;
  const bool closed = Note(batch->frames.size(), FrameTrace::Ms(free_since_ - began));
  if (batch->model->tickets() > 1) callbacks_.on_room();
  if (!status.ok() || closed) return closed ? Status::Ok() : status;
  for (std::size_t item = 0; item < batch->frames.size(); ++item) {
    Read(batch, item);
    Frame& frame = *batch->frames[item];
    const StageId stage = options_.stage;
    frame.trace.Record(stage, began, Clock::now());
    if (frame.assembly == nullptr) {
      (*options_.meters)[frame.result.id.source].Add(frame.trace.WaitMs(stage),
                                                     frame.trace.WorkMs(stage));
    }
    callbacks_.on_frame(std::move(batch->frames[item]));
  }
  return status;
}

bool Lane::Note(std::size_t frames, double busy_ms) {
  const std::lock_guard<std::mutex> lock(mutex_);
  --runs_;
  frames_ += frames;
  const double frame_ms = busy_ms / static_cast<double>(frames);
  frame_ms_ = frame_ms_ > 0 ? frame_ms_ + kNewest * (frame_ms - frame_ms_) : frame_ms;
  return closed_;
}

void Lane::Read(Batch* batch, std::size_t item) {
  Frame& frame = *batch->frames[item];
  const float wanted = batch->model->min_score();
  const bool whole =
      batch->model->Read(batch->tensors, static_cast<std::int64_t>(item), frame.placement,
                         options_.candidate_score, &frame.candidates);
  if (!whole) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++overfull_;
  }
  for (Detection& candidate : frame.candidates) {
    candidate.box.left += frame.left;
    candidate.box.top += frame.top;
    if (candidate.score >= wanted) frame.result.detections.push_back(candidate);
  }
}

}  // namespace jetfleet
