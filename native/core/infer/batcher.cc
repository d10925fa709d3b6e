#include "core/infer/batcher.h"

#include <algorithm>
#include <utility>

#include "core/graph/thread_name.h"
#include "core/infer/abi.h"
#include "core/infer/assembly.h"

namespace jetfleet {
namespace {

/// A source that has been silent for so long is not waited for.
constexpr std::chrono::milliseconds kAway{1000};

}  // namespace

Batcher::Batcher(const Options& options, std::shared_ptr<ModelProgram> model,
                 std::vector<std::unique_ptr<Lane>>* lanes, Callbacks callbacks)
    : options_(options),
      lanes_(*lanes),
      callbacks_(std::move(callbacks)),
      interval_(options.interval),
      gates_(kMaxSources),
      meters_(kMaxSources),
      scale_ahead_(kMaxSources),
      sequences_(kMaxSources),
      queues_(std::vector<SlotQueues::Limit>(kMaxSources)),
      model_(std::move(model)),
      was_ready_(kMaxSources),
      open_(kMaxSources),
      came_(kMaxSources),
      pressed_(kMaxSources),
      last_came_(kMaxSources),
      counted_since_(Clock::now()) {
  Regroup();
  for (std::size_t i = 0; i < options_.sources.size(); ++i) Open(i, options_.sources[i]);
}

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
  work_.notify_all();
  go_on_.notify_all();
}

void Batcher::Join() {
  if (thread_.joinable()) thread_.join();
}

void Batcher::Open(std::size_t source, const SlotQueues::Limit& limit) {
  const Lock lock(mutex_);
  Forget(source, limit);
  open_[source] = true;
}

void Batcher::Shut(std::size_t source) {
  const Lock lock(mutex_);
  Forget(source, {});
  open_[source] = false;
}

void Batcher::Forget(std::size_t source, const SlotQueues::Limit& limit) {
  queues_.Reset(source, limit);
  gates_[source] = std::make_unique<FrameGate>();
  if (options_.motion) gates_[source]->WatchMotion(*options_.motion);
  meters_[source].Take();
  sequences_[source] = 0;
  was_ready_[source] = false;
  last_came_[source] = {};
  came_[source] = 0;
  pressed_[source] = false;
  // Until the next look, all lanes are everybody's.
  counted_since_ = Clock::now();
  if (shares_.empty()) {
    next_shares_.reset();
  } else {
    next_shares_.emplace();
  }
}

std::shared_ptr<ModelProgram> Batcher::SetModel(std::shared_ptr<ModelProgram> model) {
  {
    const Lock lock(mutex_);
    std::swap(model_, model);
    for (const auto& gate : gates_) {
      if (gate != nullptr) gate->LookAtNext();
    }
  }
  go_on_.notify_all();
  work_.notify_all();
  return model;
}

std::shared_ptr<const ModelProgram> Batcher::model() {
  const Lock lock(mutex_);
  return model_;
}

std::shared_ptr<ModelProgram> Batcher::AwaitModel() {
  Lock lock(mutex_);
  go_on_.wait(lock, [this] { return closed_ || model_ != nullptr; });
  return closed_ ? nullptr : model_;
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
  const Group& group = GroupOf(source);
  const auto is_of_source = [source](const FramePtr& frame) {
    return frame->result.id.source == source;
  };
  const bool ready = group.ready && std::any_of(group.batch->frames.begin(),
                                                group.batch->frames.end(), is_of_source);
  const bool was = was_ready_[source] || ready;
  was_ready_[source] = ready;
  return {ready ? 1U : 0U, was ? 1U : 0U, 1, 0, 0};
}

bool Batcher::Push(std::size_t source, FramePtr frame) {
  if (!frame->end_of_stream) frame->result.skip = gates_[source]->Look(*frame, interval_);
  if (frame->result.skip != Skip::kNo) return PassBy(source, std::move(frame));
  // Nobody changes it while its source pushes.
  if (queues_.overflow(source) == Overflow::kBlock && !frame->end_of_stream) {
    auto model = AwaitModel();
    if (model == nullptr) return false;
    // Parts are scaled when they have their slots.
    if (frame->regions == nullptr) scale_ahead_[source].Run(std::move(model), frame.get());
  }
  FramePtr dropped;
  bool work = false;
  {
    Lock lock(mutex_);
    came_[source] += queues_.parts(source);
    last_came_[source] = Clock::now();
    // There is always room for the end, for nothing comes behind it.
    const auto full = [&] { return !frame->end_of_stream && queues_.Full(source); };
    if (full()) pressed_[source] = true;
    if (queues_.overflow(source) == Overflow::kBlock) {
      go_on_.wait(lock, [&] { return closed_ || !full(); });
    }
    if (closed_) return false;
    if (full()) dropped = MakeRoom(source);
    frame->sequence = sequences_[source]++;
    queues_.Push(source, std::move(frame));
    // While a batch is ready, it is room that is waited for.
    work = (!GroupOf(source).ready || GroupOf(source).any_stale) && !LeaveToLane();
  }
  if (work) work_.notify_all();
  if (dropped != nullptr) {
    gates_[source]->Lost();
    // The lock is released: it owns a picture, and those behind it may go on now.
    dropped->surface.reset();
    dropped->picture.reset();
    dropped->dropped = true;
    callbacks_.on_past(std::move(dropped));
  }
  return true;
}

bool Batcher::PassBy(std::size_t source, FramePtr frame) {
  frame->surface.reset();
  {
    const Lock lock(mutex_);
    if (closed_) return false;
    frame->sequence = sequences_[source]++;
  }
  callbacks_.on_past(std::move(frame));
  return true;
}

FramePtr Batcher::MakeRoom(std::size_t source) {
  queues_.CountDrop(source);
  FramePtr oldest = queues_.Pop(source);
  Group& group = GroupOf(source);
  if (!group.ready || queues_.stretched()) return oldest;
  for (std::size_t slot = 0; slot < group.batch->frames.size(); ++slot) {
    FramePtr& prepared = group.batch->frames[slot];
    if (prepared->result.id.source != source) continue;
    if (prepared->assembly != nullptr) {
      return ExchangeParts(&group, source, prepared->assembly.get(), std::move(oldest));
    }
    // Older still, and nobody works on it yet.
    group.stale[slot] = true;
    group.any_stale = true;
    return std::exchange(prepared, std::move(oldest));
  }
  return oldest;
}

FramePtr Batcher::ExchangeParts(Group* group, std::size_t source, Assembly* older, FramePtr newer) {
  std::vector<FramePtr*> places;
  for (FramePtr& part : group->batch->frames) places.push_back(&part);
  for (FramePtr& part : queues_.waiting_parts(source)) places.push_back(&part);
  const auto is_other = [older](FramePtr* part) { return (*part)->assembly.get() != older; };
  places.erase(std::remove_if(places.begin(), places.end(), is_other), places.end());
  // One that is begun is finished.
  if (places.size() < older->parts()) return newer;
  FramePtr whole = older->TakeBack();
  std::vector<FramePtr> parts = Assembly::Split(std::move(newer), group->batch->model);
  for (std::size_t slot = 0; slot < group->batch->frames.size(); ++slot) {
    if (group->batch->frames[slot]->assembly.get() == older) group->stale[slot] = true;
  }
  group->any_stale = true;
  for (FramePtr* const place : places) {
    // Let go of with it, when the lock is released.
    if ((*place)->surface != nullptr) whole->surface = std::move((*place)->surface);
    *place = std::move(parts[(*place)->part]);
  }
  return whole;
}

void Batcher::Run() {
  NameThisThread("jf-prepare");
  Lock lock(mutex_);
  while (!closed_) {
    if (working_) {
      waits_for_lane_ = true;
      work_.wait(lock, [this] { return closed_ || !working_; });
      waits_for_lane_ = false;
      continue;
    }
    working_ = true;
    LookAtShares(Clock::now());
    Status status;
    bool worked = false;
    for (std::size_t i = 0; i < groups_.size() && !worked; ++i) {
      worked = Work((turn_ + i) % groups_.size(), &lock, &status);
    }
    ++turn_;
    working_ = false;
    if (!status.ok()) {
      lock.unlock();
      return callbacks_.on_error(status);
    }
    if (!worked && !closed_) Rest(&lock);
  }
}

void Batcher::Rest(Lock* lock) {
  std::optional<TimePoint> due;
  for (const Group& group : groups_) {
    if (group.batch == nullptr || group.ready) continue;
    due = due ? std::min(*due, group.due) : group.due;
  }
  if (due) {
    work_.wait_until(*lock, *due);
  } else {
    work_.wait(*lock);
  }
}

bool Batcher::Work(std::size_t number, Lock* lock, Status* status) {
  Group& group = groups_[number];
  if (group.batch != nullptr && !group.ready && Clock::now() >= group.due) MakeReady(&group);
  return group.ready ? Advance(&group, lock, status) : Take(number, lock, status);
}

void Batcher::MakeReady(Group* group) {
  group->ready = true;
  group->stale.assign(group->batch->frames.size(), false);
  group->any_stale = false;
}

/// Brings a ready batch nearer to its lane.
bool Batcher::Advance(Group* group, Lock* lock, Status* status) {
  Batch* const batch = group->batch.get();
  if (!group->any_stale) {
    Lane* const lane = LaneWithRoom(*group, *batch->model);
    if (lane == nullptr) {
      for (const FramePtr& frame : batch->frames) was_ready_[frame->result.id.source] = true;
      return false;
    }
    group->ready = false;
    std::unique_ptr<Batch> ready = std::move(group->batch);
    lock->unlock();
    *status = PrepareOn(*lane, ready.get());
    if (status->ok()) *status = lane->Submit(std::move(ready));
    lock->lock();
    return true;
  }
  // Nobody exchanges its frames while it is not ready.
  group->ready = false;
  lock->unlock();
  for (std::size_t slot = 0; slot < group->stale.size() && status->ok(); ++slot) {
    if (group->stale[slot]) *status = Prepare(batch, slot);
  }
  lock->lock();
  MakeReady(group);
  return true;
}

/// Takes a frame from the queues into the group's batch.
bool Batcher::Take(std::size_t number, Lock* lock, Status* status) {
  Group& group = groups_[number];
  if (group.batch == nullptr && next_shares_) return false;
  if (LeaveToLane()) return false;
  FramePtr frame = PopNext(number);
  if (frame == nullptr) return false;
  // A frame that was scaled before models were exchanged stays with the former one.
  const auto& model = frame->model == nullptr ? model_ : frame->model;
  if (group.batch != nullptr && (frame->end_of_stream || model != group.batch->model)) {
    // The end's source has frames in this batch, perhaps, and it must come behind them.
    queues_.Return(std::move(frame));
    MakeReady(&group);
    return true;
  }
  if (group.batch == nullptr && !frame->end_of_stream) {
    group.batch = std::make_unique<Batch>();
    group.batch->model = model;
    group.present = std::max<std::size_t>(1, CountPresent(number, Clock::now()));
  }
  const bool ends = frame->end_of_stream;
  lock->unlock();
  if (ends) {
    lanes_.front()->Pass(std::move(frame));
  } else {
    *status = Fill(&group, std::move(frame));
  }
  lock->lock();
  if (group.batch != nullptr && group.batch->frames.size() >= group.wanted) MakeReady(&group);
  return true;
}

std::size_t Batcher::CountPresent(std::size_t group, TimePoint now) const {
  std::size_t count = 0;
  for (std::size_t source = 0; source < last_came_.size(); ++source) {
    if (queues_.group_of(source) != group) continue;
    const bool present = !queues_.Empty(source) || now - last_came_[source] < kAway;
    if (present) count += queues_.parts(source);
  }
  return count;
}

Status Batcher::Fill(Group* group, FramePtr frame) {
  Batch* const batch = group->batch.get();
  const bool is_first = batch->frames.empty();
  batch->frames.push_back(std::move(frame));
  if (!is_first) return Prepare(batch, batch->frames.size() - 1);
  const auto sources = static_cast<std::int64_t>(group->present);
  const std::int64_t slots = batch->model->BatchFor(sources);
  Status status = batch->model->Borrow(slots, batch->model->filler(), options_.candidate_score,
                                       &batch->tensors);
  if (status.ok()) status = Prepare(batch, 0);
  group->wanted = static_cast<std::size_t>(batch->model->Together(sources));
  group->due = batch->frames.front()->trace.last_end() + options_.patience;
  return status;
}

Status Batcher::Prepare(Batch* batch, std::size_t slot) {
  Frame& frame = *batch->frames[slot];
  frame.model = batch->model;
  frame.result.model = batch->model->tag();
  // The accelerator takes the whole batch at once.
  if (batch->model->prepares()) return Status::Ok();
  TimePoint start = Clock::now();
  const PreprocessSpec& spec = batch->model->decoder().preprocess();
  const TensorView to = batch->tensors.input.Slot(static_cast<std::int64_t>(slot));
  if (frame.scaled != nullptr) {
    frame.placement = preparer_.Spread(*frame.scaled, spec, to);
    // Work is work, whoever does it: what is left of the time until now is the wait.
    start -= frame.scaled->work;
    frame.scaled.reset();
  } else {
    const Status status = preparer_.Run(*frame.surface, spec, to, &frame.placement);
    if (!status.ok()) return status;
    frame.surface.reset();
  }
  frame.trace.Record(options_.stage, start, Clock::now());
  Count(frame);
  return Status::Ok();
}

/// A picture of several parts is counted when it is whole again.
void Batcher::Count(const Frame& frame) {
  if (frame.assembly != nullptr) return;
  meters_[frame.result.id.source].Add(frame.trace.WaitMs(options_.stage),
                                      frame.trace.WorkMs(options_.stage));
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
    Count(*frame);
  }
  return status;
}

/// A source that waits is woken when its queue is empty, not at each place that becomes free: it
/// has a frame in hand and makes more before that is gone. Waking a thread costs more than keeping
/// it asleep.
FramePtr Batcher::PopNext(std::size_t group) {
  FramePtr frame = queues_.PopNext(group, model_ == nullptr);
  if (frame == nullptr) return nullptr;
  const std::size_t source = frame->result.id.source;
  if (queues_.Empty(source)) go_on_.notify_all();
  if (frame->regions == nullptr) return frame;
  queues_.PushParts(source, Assembly::Split(std::move(frame), model_));
  return queues_.PopNext(group);
}

/// Of those with room, the one that will be done first; one that was not tried yet is tried.
Lane* Batcher::LaneWithRoom(const Group& group, const ModelProgram& model) {
  Lane* best = nullptr;
  for (std::size_t i = 0; i < group.lanes.size(); ++i) {
    Lane* const lane = group.lanes[(turn_ + i) % group.lanes.size()];
    if (!lane->HasRoom(model)) continue;
    if (best == nullptr || lane->ExpectedMs() < best->ExpectedMs()) best = lane;
  }
  return best;
}

}  // namespace jetfleet
