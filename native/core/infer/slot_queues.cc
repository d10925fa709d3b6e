#include "core/infer/slot_queues.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace jetfleet {

SlotQueues::SlotQueues(const std::vector<Limit>& limits) : group_of_(limits.size()), turns_(1) {
  for (const Limit& limit : limits) {
    queues_.emplace_back().limit = limit;
  }
}

void SlotQueues::Reset(std::size_t source, const Limit& limit) {
  count_ -= queues_[source].frames.size() + queues_[source].parts.size();
  queues_[source] = {};
  queues_[source].limit = limit;
}

std::size_t SlotQueues::CapacityOf(const Queue& queue) const {
  const bool more = queue.limit.overflow == Overflow::kDropOldest && stretched();
  const std::size_t scaled = queue.scaled ? queue.limit.scaled : 0;
  return std::max(queue.limit.capacity + (more ? extra_ : 0), scaled);
}

bool SlotQueues::Full(std::size_t source) const {
  return queues_[source].frames.size() >= CapacityOf(queues_[source]);
}

void SlotQueues::Push(std::size_t source, FramePtr frame) {
  Queue& queue = queues_[source];
  queue.scaled = frame->scaled != nullptr;
  queue.frames.push_back(std::move(frame));
  queue.max = std::max(queue.max, queue.frames.size());
  ++count_;
}

void SlotQueues::PushParts(std::size_t source, std::vector<FramePtr> parts) {
  count_ += parts.size();
  std::move(parts.begin(), parts.end(), std::back_inserter(queues_[source].parts));
}

void SlotQueues::Return(FramePtr frame) {
  Queue& queue = queues_[frame->result.id.source];
  (frame->assembly == nullptr ? queue.frames : queue.parts).push_front(std::move(frame));
  ++count_;
}

FramePtr SlotQueues::Pop(std::size_t source) {
  Queue& queue = queues_[source];
  if (queue.frames.empty()) return nullptr;
  return TakeFirst(&queue.frames);
}

FramePtr SlotQueues::TakeFirst(std::deque<FramePtr>* frames) {
  FramePtr frame = std::move(frames->front());
  frames->pop_front();
  --count_;
  return frame;
}

FramePtr SlotQueues::PopNext(std::size_t group, bool bound) {
  const std::size_t parts = SourceOfParts(group);
  if (parts != kNobody) return TakeFirst(&queues_[parts].parts);
  const std::size_t source = SourceInTurn(group, bound);
  if (source == kNobody) return nullptr;
  turns_[group] = (source + 1) % queues_.size();
  return Pop(source);
}

const Frame* SlotQueues::PeekNext(std::size_t group, bool bound) const {
  const std::size_t parts = SourceOfParts(group);
  if (parts != kNobody) return queues_[parts].parts.front().get();
  const std::size_t source = SourceInTurn(group, bound);
  return source == kNobody ? nullptr : queues_[source].frames.front().get();
}

std::size_t SlotQueues::SourceOfParts(std::size_t group) const {
  for (std::size_t source = 0; source < queues_.size(); ++source) {
    if (group_of_[source] == group && !queues_[source].parts.empty()) return source;
  }
  return kNobody;
}

std::size_t SlotQueues::SourceInTurn(std::size_t group, bool bound) const {
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const std::size_t source = (turns_[group] + i) % queues_.size();
    const std::deque<FramePtr>& frames = queues_[source].frames;
    if (group_of_[source] != group || frames.empty()) continue;
    if (!bound || frames.front()->model != nullptr || frames.front()->end_of_stream) return source;
  }
  return kNobody;
}

void SlotQueues::SetGroups(const std::vector<std::size_t>& group_of) {
  group_of_ = group_of;
  turns_.assign(*std::max_element(group_of.begin(), group_of.end()) + 1, 0);
}

void SlotQueues::Stretch(std::size_t extra, TimePoint until) {
  extra_ = extra;
  stretched_until_ = until;
}

QueueLevels SlotQueues::TakeLevels(std::size_t source) {
  Queue& queue = queues_[source];
  const std::size_t level = queue.frames.size();
  const QueueLevels levels{level, queue.max, CapacityOf(queue), queue.drops,
                           queue.drops_before + queue.drops};
  queue.max = level;
  queue.drops_before += queue.drops;
  queue.drops = 0;
  return levels;
}

void SlotQueues::Clear() {
  for (Queue& queue : queues_) {
    queue.frames.clear();
    queue.parts.clear();
  }
  count_ = 0;
}

}  // namespace jetfleet
