#include "core/graph/strand.h"

#include <utility>

namespace jetfleet {
namespace {

/// Then it is the turn of another strand.
constexpr int kFramesInARow = 8;
/// Up to this a frame is worked on by who brings it. To wake a thread takes 0.04 ms, and with the
/// cold caches of another processor a frame takes twice as long: at 0.1 ms, a strand that was on a
/// thread of its own stayed there though its frames take 0.05 ms where they come from.
constexpr std::chrono::microseconds kShort{250};

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
  if (!queue_.Push(std::move(frame)) || scheduled_.exchange(true)) return;
  if (is_short_) {
    Run();
  } else {
    executor_->Post(shared_from_this());
  }
}

void Strand::Schedule() {
  if (!scheduled_.exchange(true)) executor_->Post(shared_from_this());
}

void Strand::Run() {
  for (int i = 0; i < kFramesInARow; ++i) {
    if (frame_ == nullptr) {
      if (!queue_.TryPop(&frame_)) break;
      stage_ = frame_->end_of_stream ? stages_.size() : 0;
      began_ = stage_began_ = Clock::now();
    }
    Status status;
    switch (Work(&status)) {
      case Outcome::kWaits:
        return;
      case Outcome::kFailed:
        return callbacks_.on_error(status);
      case Outcome::kDone:
        callbacks_.next(std::move(frame_));
        is_short_ = Clock::now() - began_ < kShort;
    }
  }
  scheduled_ = false;
  // What came between the last look and now has not scheduled anybody.
  if (!queue_.empty()) Schedule();
}

Strand::Outcome Strand::Work(Status* status) {
  for (; stage_ < stages_.size(); ++stage_) {
    const Stage& stage = stages_[stage_];
    if (stage.ask) {
      const Outcome asked = Ask(stage, status);
      if (asked != Outcome::kDone) return asked;
    }
    *status = stage.work(*frame_);
    if (!status->ok()) return Outcome::kFailed;
    const TimePoint end = Clock::now();
    frame_->trace.Record(stage.id, stage_began_, end);
    meters_[stage_]->Add(frame_->trace.WaitMs(stage.id), frame_->trace.WorkMs(stage.id));
    stage_began_ = end;
  }
  return Outcome::kDone;
}

Strand::Outcome Strand::Ask(const Stage& stage, Status* status) {
  while (true) {
    to_come_ = 2;
    const auto resume = [self = shared_from_this()] {
      if (--self->to_come_ == 0) self->executor_->Post(self);
    };
    bool waits = false;
    *status = stage.ask(*frame_, resume, &waits);
    if (!status->ok()) return Outcome::kFailed;
    if (!waits) return Outcome::kDone;
    if (--to_come_ > 0) return Outcome::kWaits;
  }
}

}  // namespace jetfleet
