#include <algorithm>
#include <utility>

#include "core/infer/batcher.h"

namespace jetfleet {

void Batcher::OnRoom(Lane* lane) {
  Status status;
  bool work = false;
  {
    Lock lock(mutex_);
    work = next_shares_.has_value();
    for (Group& group : groups_) {
      work = work || group.ready;
      const bool mine =
          std::find(group.lanes.begin(), group.lanes.end(), lane) != group.lanes.end();
      if (!mine || !group.ready || group.any_stale || closed_) continue;
      const ModelProgram& model = *group.batch->model;
      if (model.tickets() > 1 || model.prepares() || !lane->HasRoom(model)) continue;
      group.ready = false;
      status = lane->Submit(std::move(group.batch));
    }
    const ModelProgram* const next = working_ || closed_ ? nullptr : ForLane();
    if (status.ok() && next != nullptr && lane->HasRoom(*next)) status = WorkInLane(&lock);
    work = work || (!queues_.empty() && !LeaveToLane());
  }
  // Who has nothing ready waits for frames.
  if (work) work_.notify_all();
  if (!status.ok()) callbacks_.on_error(status);
}

const ModelProgram* Batcher::ForLane() const {
  // What is prepared is for whichever of several lanes will be free.
  if (lanes_.size() > 1 || groups_.front().batch != nullptr) return nullptr;
  const Frame* const next = queues_.PeekNext(0, model_ == nullptr);
  if (next == nullptr || next->scaled == nullptr || next->model->tickets() > 1) return nullptr;
  const std::size_t present = CountPresent(0, Clock::now());
  const bool alone = next->model->Together(static_cast<std::int64_t>(present)) == 1;
  return alone ? next->model.get() : nullptr;
}

bool Batcher::LeaveToLane() const {
  const ModelProgram* const model = ForLane();
  return model != nullptr && !lanes_.front()->HasRoom(*model);
}

Status Batcher::WorkInLane(Lock* lock) {
  working_ = true;
  Status status;
  Group& all = groups_.front();
  if (Take(0, lock, &status) && status.ok() && all.ready) Advance(&all, lock, &status);
  working_ = false;
  if (waits_for_lane_) work_.notify_all();
  return status;
}

}  // namespace jetfleet
