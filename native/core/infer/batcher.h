#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/infer/frame_gate.h"
#include "core/infer/lane.h"
#include "core/infer/scale_ahead.h"
#include "core/infer/share_out.h"
#include "core/infer/slot_queues.h"
#include "core/prepare/host_preparer.h"

namespace jetfleet {

/// Gathers frames of all sources for one model: takes them in turn, brings each straight into its
/// slot of a batch, and submits the batch to a lane with room.
///
/// A frame that the model need not look at goes past it: it takes no place in a queue or a batch,
/// and nothing is dropped for it. `Frame::sequence` tells the order of both kinds.
///
/// Of several lanes, each has whole sources of its own where that balances by what the lanes were
/// measured to do (share_out.h); else, and until they are measured, frames of all sources go to the
/// lane that will be done first. Sources change lanes only while no frame of theirs is between
/// queue and lane. A lane whose device works only while it is waited for takes what is ready by
/// itself, and pictures that were scaled already it brings into their slot itself: between two runs
/// no other thread need wake up.
///
/// A batch is ready when each source that has sent something lately is in it, or when its oldest
/// frame has waited long enough, whichever comes first.
///
/// What waits is kept fresh: while a batch is ready and its lanes are busy, a live source whose
/// queue overflows loses its oldest frame even when that lies in the batch already; its slot is
/// prepared anew. A file's source waits instead.
///
/// A picture of which the model sees several parts has one place in its queue, and is one drop.
/// When its turn has come, each part takes a slot of its own (assembly.h), in this batch or in the
/// next ones and their lanes; once one of them was submitted, all are.
class Batcher {
 public:
  struct Options {
    /// To begin with, at most `kMaxSources`.
    std::vector<SlotQueues::Limit> sources;
    /// How long the oldest frame of a batch may wait for those of other sources.
    std::chrono::milliseconds patience{10};
    StageId stage = 0;
    /// Detections down to this score are wanted of accelerators that look for them themselves.
    float candidate_score = 1;
    /// Between two looks at who has which lane.
    std::chrono::milliseconds share_interval{2000};
    /// Of each source, every so many-th frame is looked at. From 1.
    int interval = 1;
    /// None: whatever pictures show.
    std::optional<MotionOptions> motion;
  };
  struct Callbacks {
    /// By the source's thread, of frames that do not come to a lane: skipped, or dropped.
    std::function<void(FramePtr)> on_past;
    std::function<void(const Status&)> on_error;
  };

  Batcher(const Options& options, std::shared_ptr<ModelProgram> model,
          std::vector<std::unique_ptr<Lane>>* lanes, Callbacks callbacks);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  void Start();
  void Close();
  void Join();

  /// A source that nothing is known of takes the place of one that is through, or of none.
  void Open(std::size_t source, const SlotQueues::Limit& limit);
  /// It is through: its end has left the last lane.
  void Shut(std::size_t source);

  /// Any thread, one per source. False when closed; the frame is then gone.
  bool Push(std::size_t source, FramePtr frame);
  /// Any thread, for the frames that come from now on. From 1.
  void SetInterval(int interval) { interval_ = interval; }
  int interval() const { return interval_; }
  FrameGate& gate(std::size_t source) { return *gates_[source]; }
  /// For frames whose preparation is yet to begin; returns the former one. The next frame of each
  /// source is looked at. None: until there is one again, files wait, and live sources drop what
  /// their queues have no room for.
  std::shared_ptr<ModelProgram> SetModel(std::shared_ptr<ModelProgram> model);
  /// Null while there is none.
  std::shared_ptr<const ModelProgram> model();
  /// By the lane's thread: it has room. It may have a run in flight afterwards, which that thread
  /// may have prepared.
  void OnRoom(Lane* lane);

  void Stretch(std::size_t extra, TimePoint until);
  QueueLevels TakeLevels(std::size_t source);
  /// Of the frames that are prepared and wait for a lane.
  QueueLevels TakeReadyLevels(std::size_t source);
  StageMeter& meter(std::size_t source) { return meters_[source]; }
  /// The lane of each place; empty while frames are divided, and `kNoLane` where no source is.
  std::vector<std::size_t> shares();
  static constexpr std::size_t kNoLane = ~std::size_t{0};

 private:
  using Lock = std::unique_lock<std::mutex>;

  /// Sources whose frames share batches, and the lanes that take these.
  struct Group {
    std::vector<Lane*> lanes;
    /// Slots that sources which have sent something lately ask for, one picture of each: nobody
    /// waits for the others.
    std::size_t present = 1;
    /// Being filled until it is ready.
    std::unique_ptr<Batch> batch;
    /// Pictures that make it full, and when it is ready without them.
    std::size_t wanted = 0;
    TimePoint due;
    bool ready = false;
    /// Slots of a ready batch whose frame was exchanged.
    std::vector<bool> stale;
    bool any_stale = false;
  };

  void Run();
  // Steps for one group: false when there is nothing to do now. They let go of the lock for what is
  // slow; only the thread that has set `working_` takes them.
  bool Work(std::size_t group, Lock* lock, Status* status);
  bool Advance(Group* group, Lock* lock, Status* status);
  bool Take(std::size_t group, Lock* lock, Status* status);
  void MakeReady(Group* group);
  void Rest(Lock* lock);

  // Under the lock.
  /// The model of the next picture where a lane brings that into its batch by itself, between two
  /// runs: it was scaled already, so that is soon done; else null.
  const ModelProgram* ForLane() const;
  /// So it is, and the lane will come for it.
  bool LeaveToLane() const;
  /// By the lane's thread: one picture, from its queue into a run.
  Status WorkInLane(Lock* lock);

  Status Fill(Group* group, FramePtr frame);
  Status Prepare(Batch* batch, std::size_t slot);
  void Count(const Frame& frame);
  /// Under the lock.
  FramePtr PopNext(std::size_t group);
  /// Has the accelerator bring the pictures into the batch, where the backend can.
  Status PrepareOn(const Lane& lane, Batch* batch);
  /// Waits for one; null when closed.
  std::shared_ptr<ModelProgram> AwaitModel();
  Lane* LaneWithRoom(const Group& group, const ModelProgram& model);
  bool PassBy(std::size_t source, FramePtr frame);
  FramePtr MakeRoom(std::size_t source);
  /// Puts a newer picture in the place of one whose parts are all still here; whichever goes.
  FramePtr ExchangeParts(Group* group, std::size_t source, Assembly* older, FramePtr newer);
  Group& GroupOf(std::size_t source) { return groups_[queues_.group_of(source)]; }

  void Forget(std::size_t source, const SlotQueues::Limit& limit);
  std::size_t CountPresent(std::size_t group, TimePoint now) const;
  void LookAtShares(TimePoint now);
  void Reshare(TimePoint now);
  void Regroup();

  const Options options_;
  std::vector<std::unique_ptr<Lane>>& lanes_;
  const Callbacks callbacks_;
  std::atomic<int> interval_;
  /// By source.
  std::vector<std::unique_ptr<FrameGate>> gates_;
  std::deque<StageMeter> meters_;
  HostPreparer preparer_;
  /// By source, for the thread that pushes.
  std::deque<ScaleAhead> scale_ahead_;
  /// Frames of each source that came so far. Under the lock.
  std::vector<std::uint64_t> sequences_;
  /// Whose turn it is. For the batcher's thread.
  std::size_t turn_ = 0;

  // By place of a source: `kMaxSources` each.
  std::mutex mutex_;
  /// A frame came, a lane has room, or what is ready has become stale.
  std::condition_variable work_;
  /// A source that blocks may go on: its queue is empty, or there is a model again.
  std::condition_variable go_on_;
  SlotQueues queues_;
  std::shared_ptr<ModelProgram> model_;
  std::deque<Group> groups_;
  /// By a lane; then the batcher's thread has `waits_for_lane_` and waits, or by that thread.
  bool working_ = false;
  bool waits_for_lane_ = false;
  /// By source: whether frames of it were ready and waited since statistics were taken.
  std::vector<bool> was_ready_;
  bool closed_ = false;

  /// By source.
  std::vector<bool> open_;
  /// By source, since `counted_since_`; pictures, or parts of them.
  std::vector<std::size_t> came_;
  std::vector<bool> pressed_;
  /// By source, when its last frame came.
  std::vector<TimePoint> last_came_;
  TimePoint counted_since_;
  std::vector<std::size_t> shares_;
  /// In force as soon as no group has a batch.
  std::optional<std::vector<std::size_t>> next_shares_;
  std::thread thread_;
};

}  // namespace jetfleet
