#include "core/infer/batcher.h"

#include <algorithm>
#include <utility>

#include "core/graph/thread_name.h"
#include "core/infer/abi.h"

namespace jetfleet {

Batcher::Batcher(const Options& options, std::shared_ptr<ModelProgram> model,
                 std::vector<std::unique_ptr<Lane>>* lanes,
                 std::function<void(const Status&)> on_error)
    : options_(options),
      lanes_(*lanes),
      on_error_(std::move(on_error)),
      meters_(options.sources.size()),
      sequences_(options.sources.size()),
      queues_(options.sources),
      model_(std::move(model)),
      was_ready_(options.sources.size()) {}

Batcher::~Batcher() {
  Close();
  Join();
}

void Batcher::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Batcher::Close() {
  {
    const Lock lock(mutex_);
    closed_ = true;
  }
  arrived_.notify_all();
  room_.notify_all();
  emptied_.notify_all();
}

void Batcher::Join() {
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<ModelProgram> Batcher::SetModel(std::shared_ptr<ModelProgram> model) {
  const Lock lock(mutex_);
  return std::exchange(model_, std::move(model));
}

void Batcher::OnRoom(Lane* lane) {
  Status status;
  {
    const Lock lock(mutex_);
    const bool taken = ready_ != nullptr && !any_stale_ && !closed_ &&
                       ready_->model->tickets() == 1 && !ready_->model->prepares() &&
                       lane->HasRoom(*ready_->model);
    if (taken) status = SubmitTo(lane, std::move(ready_));
  }
  room_.notify_all();
  if (!status.ok()) on_error_(status);
}

void Batcher::Stretch(std::size_t extra, TimePoint until) {
  const Lock lock(mutex_);
  queues_.Stretch(extra, until);
}

QueueLevels Batcher::TakeLevels(std::size_t source) {
  const Lock lock(mutex_);
  return queues_.TakeLevels(source);
}

QueueLevels Batcher::TakeReadyLevels(std::size_t source) {
  const Lock lock(mutex_);
  const bool ready = ready_ != nullptr && std::any_of(ready_->frames.begin(), ready_->frames.end(),
                                                      [source](const FramePtr& frame) {
                                                        return frame->result.id.source == source;
                                                      });
  const bool was = was_ready_[source] || ready;
  was_ready_[source] = ready;
  return {ready ? 1U : 0U, was ? 1U : 0U, 1, 0, 0};
}

bool Batcher::Push(std::size_t source, FramePtr frame) {
  FramePtr dropped;  // destroyed after the lock is released: it owns a picture
  bool stale = false;
  {
    Lock lock(mutex_);
    if (queues_.overflow(source) == Overflow::kBlock) {
      emptied_.wait(lock, [&] { return closed_ || !queues_.Full(source); });
    }
    if (closed_) return false;
    if (queues_.Full(source)) dropped = MakeRoom(source);
    queues_.Push(source, std::move(frame));
    stale = any_stale_;
  }
  arrived_.notify_all();
  if (stale) room_.notify_all();
  return true;
}

FramePtr Batcher::MakeRoom(std::size_t source) {
  queues_.CountDrop(source);
  FramePtr oldest = queues_.Pop(source);
  if (ready_ == nullptr || queues_.stretched()) return oldest;
  for (std::size_t slot = 0; slot < ready_->frames.size(); ++slot) {
    FramePtr& prepared = ready_->frames[slot];
    if (prepared->result.id.source != source) continue;
    // Older still, and nobody works on it yet.
    stale_[slot] = true;
    any_stale_ = true;
    return std::exchange(prepared, std::move(oldest));
  }
  return oldest;
}

void Batcher::Run() {
  NameThisThread("jf-prepare");
  while (true) {
    FramePtr end;
    std::unique_ptr<Batch> batch = Open(&end);
    if (end != nullptr) {
      end->sequence = sequences_[end->result.id.source]++;
      lanes_.front()->Pass(std::move(end));
      continue;
    }
    if (batch == nullptr) return;
    Status status = Fill(batch.get());
    if (status.ok()) status = HandOver(std::move(batch));
    if (!status.ok()) return on_error_(status);
  }
}

std::unique_ptr<Batch> Batcher::Open(FramePtr* end_of_stream) {
  auto batch = std::make_unique<Batch>();
  Lock lock(mutex_);
  arrived_.wait(lock, [this] { return closed_ || !queues_.empty(); });
  if (closed_) return nullptr;
  FramePtr frame = PopNext();
  batch->model = model_;
  lock.unlock();
  if (frame->end_of_stream) {
    *end_of_stream = std::move(frame);
    return nullptr;
  }
  batch->frames.push_back(std::move(frame));
  return batch;
}

Status Batcher::Fill(Batch* batch) {
  const auto sources = static_cast<std::int64_t>(options_.sources.size());
  const std::int64_t slots = batch->model->BatchFor(sources);
  const auto filled_by = batch->model->prepares() ? ModelProgram::FilledBy::kAccelerator
                                                  : ModelProgram::FilledBy::kHost;
  Status status = batch->model->Borrow(slots, filled_by, &batch->tensors);
  if (status.ok()) status = Prepare(batch, 0);
  const std::size_t wanted = static_cast<std::size_t>(std::min(slots, sources));
  const TimePoint due = batch->frames.front()->trace.last_end() + options_.patience;
  while (status.ok() && batch->frames.size() < wanted) {
    Lock lock(mutex_);
    const bool more =
        arrived_.wait_until(lock, due, [this] { return closed_ || !queues_.empty(); });
    if (!more || closed_) break;
    FramePtr frame = PopNext();
    lock.unlock();
    if (frame->end_of_stream) {
      // Its source has frames in this batch, perhaps, and must come behind them.
      lock.lock();
      queues_.Return(std::move(frame));
      break;
    }
    batch->frames.push_back(std::move(frame));
    status = Prepare(batch, batch->frames.size() - 1);
  }
  return status;
}

Status Batcher::Prepare(Batch* batch, std::size_t slot) {
  Frame& frame = *batch->frames[slot];
  frame.model = batch->model;
  frame.result.model = batch->model->tag();
  // The accelerator takes the whole batch at once.
  if (batch->model->prepares()) return Status::Ok();
  const TimePoint start = Clock::now();
  const Status status =
      preparer_.Run(*frame.surface, batch->model->decoder().preprocess(),
                    batch->tensors.input.Slot(static_cast<std::int64_t>(slot)), &frame.placement);
  if (!status.ok()) return status;
  frame.surface.reset();
  frame.trace.Record(options_.stage, start, Clock::now());
  meters_[frame.result.id.source].Add(frame.trace.WaitMs(options_.stage),
                                      frame.trace.WorkMs(options_.stage));
  return status;
}

Status Batcher::PrepareOn(const Lane& lane, Batch* batch) {
  if (!batch->model->prepares()) return Status::Ok();
  const OutputDecoder& decoder = batch->model->decoder();
  const PreprocessSpec& spec = decoder.preprocess();
  const TimePoint start = Clock::now();
  batch->surfaces.clear();
  for (const FramePtr& frame : batch->frames) {
    frame->placement = Placement::Of(spec, frame->surface->ShownSize(), decoder.input());
    batch->surfaces.push_back({std::move(frame->surface), frame->placement.target});
  }
  const Status status = batch->model->context(lane.number())
                            .Prepare(batch->surfaces, JfPreprocessOf(spec), batch->tensors.input);
  const TimePoint end = Clock::now();
  for (const FramePtr& frame : batch->frames) {
    frame->trace.Record(options_.stage, start, end);
    meters_[frame->result.id.source].Add(frame->trace.WaitMs(options_.stage),
                                         frame->trace.WorkMs(options_.stage));
  }
  return status;
}

Lane* Batcher::LaneWithRoom(const ModelProgram& model) {
  for (const auto& lane : lanes_) {
    if (lane->HasRoom(model)) return lane.get();
  }
  return nullptr;
}

Status Batcher::HandOver(std::unique_ptr<Batch> batch) {
  Lock lock(mutex_);
  while (true) {
    for (const FramePtr& frame : batch->frames) was_ready_[frame->result.id.source] = true;
    stale_.assign(batch->frames.size(), false);
    any_stale_ = false;
    ready_ = std::move(batch);
    Lane* lane = nullptr;
    room_.wait(lock, [&] {
      if (closed_ || any_stale_ || ready_ == nullptr) return true;
      lane = LaneWithRoom(*ready_->model);
      return lane != nullptr;
    });
    batch = std::move(ready_);
    const std::vector<bool> stale = stale_;
    const bool renew = any_stale_;
    const bool over = closed_ || batch == nullptr;
    lock.unlock();
    if (over) return Status::Ok();
    const Status status = renew ? PrepareStale(batch.get(), stale) : PrepareOn(*lane, batch.get());
    if (!status.ok()) return status;
    if (!renew) return SubmitTo(lane, std::move(batch));
    lock.lock();
  }
}

Status Batcher::PrepareStale(Batch* batch, const std::vector<bool>& stale) {
  Status status;
  for (std::size_t slot = 0; slot < stale.size() && status.ok(); ++slot) {
    if (stale[slot]) status = Prepare(batch, slot);
  }
  return status;
}

Status Batcher::SubmitTo(Lane* lane, std::unique_ptr<Batch> batch) {
  Number(batch.get());
  return lane->Submit(std::move(batch));
}

/// A source that waits is woken when its queue is empty, not at each place that becomes free: it
/// has a frame in hand and makes more before that is gone. Waking a thread costs more than keeping
/// it asleep.
FramePtr Batcher::PopNext() {
  FramePtr frame = queues_.PopNext();
  if (queues_.Empty(frame->result.id.source)) emptied_.notify_all();
  return frame;
}

void Batcher::Number(Batch* batch) {
  for (const FramePtr& frame : batch->frames) {
    frame->sequence = sequences_[frame->result.id.source]++;
  }
}

}  // namespace jetfleet
