#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/infer/lane.h"
#include "core/infer/slot_queues.h"
#include "core/prepare/host_preparer.h"

namespace jetfleet {

/// Gathers frames of all sources for one model: takes them in turn, brings each straight into its
/// slot of the batch, and submits the batch to the first lane with room. A lane whose device works
/// only while it is waited for takes what is ready by itself: between two runs no other thread need
/// wake up.
///
/// What waits is kept fresh: while a batch is ready and every lane is busy, a live source whose
/// queue overflows loses its oldest frame even when that lies in the batch already; its slot is
/// prepared anew. A file's source waits instead.
class Batcher {
 public:
  struct Options {
    std::vector<SlotQueues::Limit> sources;
    /// How long the oldest frame of a batch may wait for those of other sources.
    std::chrono::milliseconds patience{10};
    StageId stage = 0;
  };

  Batcher(const Options& options, std::shared_ptr<ModelProgram> model,
          std::vector<std::unique_ptr<Lane>>* lanes, std::function<void(const Status&)> on_error);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  void Start();
  void Close();
  void Join();

  /// Any thread, one per source. False when closed; the frame is then gone.
  bool Push(std::size_t source, FramePtr frame);
  /// For frames whose preparation is yet to begin; returns the former one.
  std::shared_ptr<ModelProgram> SetModel(std::shared_ptr<ModelProgram> model);
  /// By the lane's thread: it has room. It may have a run in flight afterwards.
  void OnRoom(Lane* lane);

  void Stretch(std::size_t extra, TimePoint until);
  QueueLevels TakeLevels(std::size_t source);
  /// Of the frames that are prepared and wait for a lane.
  QueueLevels TakeReadyLevels(std::size_t source);
  StageMeter& meter(std::size_t source) { return meters_[source]; }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void Run();
  /// Null when closed.
  std::unique_ptr<Batch> Open(FramePtr* end_of_stream);
  Status Fill(Batch* batch);
  Status Prepare(Batch* batch, std::size_t slot);
  /// Waits until a lane takes the batch or has room for it, keeping it fresh.
  Status HandOver(std::unique_ptr<Batch> batch);
  Status PrepareStale(Batch* batch, const std::vector<bool>& stale);
  Status SubmitTo(Lane* lane, std::unique_ptr<Batch> batch);
  Lane* LaneWithRoom(const ModelProgram& model);
  /// Under the lock.
  FramePtr PopNext();
  FramePtr MakeRoom(std::size_t source);
  /// Has the accelerator bring the pictures into the batch, where the backend can.
  Status PrepareOn(const Lane& lane, Batch* batch);
  void Number(Batch* batch);

  const Options options_;
  std::vector<std::unique_ptr<Lane>>& lanes_;
  const std::function<void(const Status&)> on_error_;
  std::deque<StageMeter> meters_;
  HostPreparer preparer_;
  /// Frames of each source sent to inference so far. For who holds the batch that is next.
  std::vector<std::uint64_t> sequences_;

  std::mutex mutex_;
  /// A frame came.
  std::condition_variable arrived_;
  /// A lane has room or has taken what was ready, or that has become stale.
  std::condition_variable room_;
  /// The queue of a source that blocks is empty.
  std::condition_variable emptied_;
  SlotQueues queues_;
  std::shared_ptr<ModelProgram> model_;
  /// The batch that is ready and waits for a lane.
  std::unique_ptr<Batch> ready_;
  /// Slots of it whose frame was exchanged.
  std::vector<bool> stale_;
  bool any_stale_ = false;
  /// By source: whether frames of it were ready and waited since statistics were taken.
  std::vector<bool> was_ready_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace jetfleet
