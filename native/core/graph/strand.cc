#include "core/graph/strand.h"

#include <utility>

namespace jetfleet {
namespace {

/// Then it is the turn of another strand.
constexpr int kFramesInARow = 8;

}  // namespace

Strand::Strand(Executor* executor, std::size_t capacity, Overflow overflow,
               std::vector<Stage> stages, Callbacks callbacks)
    : executor_(executor),
      queue_(capacity, overflow, WasSkipped),
      stages_(std::move(stages)),
      callbacks_(std::move(callbacks)) {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    meters_.push_back(std::make_unique<StageMeter>());
  }
}

void Strand::Push(FramePtr frame) {
  if (queue_.Push(std::move(frame))) Schedule();
}

void Strand::Schedule() {
  if (!scheduled_.exchange(true)) executor_->Post(shared_from_this());
}

void Strand::Run() {
  FramePtr frame;
  for (int i = 0; i < kFramesInARow && queue_.TryPop(&frame); ++i) {
    const Status status = Work(frame.get());
    if (!status.ok()) return callbacks_.on_error(status);
    callbacks_.next(std::move(frame));
  }
  scheduled_ = false;
  // What came between the last look and now has not scheduled anybody.
  if (!queue_.empty()) Schedule();
}

Status Strand::Work(Frame* frame) {
  if (frame->end_of_stream) return Status::Ok();
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const TimePoint start = Clock::now();
    const Status status = stages_[i].work(*frame);
    if (!status.ok()) return status;
    const StageId id = stages_[i].id;
    frame->trace.Record(id, start, Clock::now());
    meters_[i]->Add(frame->trace.WaitMs(id), frame->trace.WorkMs(id));
  }
  return Status::Ok();
}

}  // namespace jetfleet
