#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "core/frame.h"
#include "core/queue.h"

namespace jetfleet {

/// One bounded queue per source in front of a model, and whose turn it is in its group. All sources
/// are one group until they are told apart. Beside its queue a source has the parts of its picture
/// whose turn has come; they are no level of it. Not thread-safe: the batcher's lock guards it.
class SlotQueues {
 public:
  struct Limit {
    std::size_t capacity = 1;
    Overflow overflow = Overflow::kBlock;
    /// Slots of batches that each of its pictures asks for.
    std::size_t parts = 1;
    /// For frames whose picture was scaled and let go of, where that is more.
    std::size_t scaled = 0;
  };

  explicit SlotQueues(const std::vector<Limit>& limits);

  /// The queue of another source from now on; empty, with nothing counted.
  void Reset(std::size_t source, const Limit& limit);

  Overflow overflow(std::size_t source) const { return queues_[source].limit.overflow; }
  std::size_t parts(std::size_t source) const { return queues_[source].limit.parts; }
  bool Full(std::size_t source) const;
  bool Empty(std::size_t source) const { return queues_[source].frames.empty(); }
  void Push(std::size_t source, FramePtr frame);
  /// Parts of the source's picture that was popped last, in front of all its frames.
  void PushParts(std::size_t source, std::vector<FramePtr> parts);
  /// Those that were not popped yet.
  std::deque<FramePtr>& waiting_parts(std::size_t source) { return queues_[source].parts; }
  /// Puts a popped frame or part back in front.
  void Return(FramePtr frame);
  /// A frame, no part. Null when there is none.
  FramePtr Pop(std::size_t source);
  /// Parts first, wherever in the group some wait: what was begun is finished, and sources take
  /// turns by pictures. Else as `Pop`, of the source whose turn it is among those of a group that
  /// have frames. `bound`: only frames that have their model already, and ends.
  FramePtr PopNext(std::size_t group = 0, bool bound = false);
  /// What that would give; it stays. Null when there is nothing.
  const Frame* PeekNext(std::size_t group = 0, bool bound = false) const;
  /// By source, from 0.
  void SetGroups(const std::vector<std::size_t>& group_of);
  std::size_t group_of(std::size_t source) const { return group_of_[source]; }
  bool empty() const { return count_ == 0; }

  /// Of a source, although the frame may have left its queue already.
  void CountDrop(std::size_t source) { ++queues_[source].drops; }

  /// Until then, queues of live sources hold this many more before the oldest goes: for a time in
  /// which the model is known to be short of processor time.
  void Stretch(std::size_t extra, TimePoint until);
  bool stretched() const { return Clock::now() < stretched_until_; }

  /// `max` is the highest level since the last call, `drops` counts from there.
  QueueLevels TakeLevels(std::size_t source);
  void Clear();

 private:
  struct Queue {
    Limit limit;
    std::deque<FramePtr> frames;
    std::deque<FramePtr> parts;
    std::size_t max = 0;
    std::size_t drops = 0;
    std::size_t drops_before = 0;
    /// The last frame that came was scaled already.
    bool scaled = false;
  };
  std::size_t CapacityOf(const Queue& queue) const;
  FramePtr TakeFirst(std::deque<FramePtr>* frames);
  /// The source whose parts wait, and the one whose frame is next; none: `kNobody`.
  std::size_t SourceOfParts(std::size_t group) const;
  std::size_t SourceInTurn(std::size_t group, bool bound) const;
  static constexpr std::size_t kNobody = ~std::size_t{0};

  std::deque<Queue> queues_;
  std::size_t count_ = 0;
  std::vector<std::size_t> group_of_;
  /// By group.
  std::vector<std::size_t> turns_;
  std::size_t extra_ = 0;
  TimePoint stretched_until_{};
};

}  // namespace jetfleet
