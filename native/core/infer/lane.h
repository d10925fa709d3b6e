#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/frame.h"
#include "core/infer/model_program.h"
#include "core/status.h"

namespace jetfleet {

/// Pictures that go through a model together; slot b of the tensors is frame b. Without frames of
/// pictures it only carries the end of a stream.
struct Batch {
  std::shared_ptr<ModelProgram> model;
  RunTensors tensors;
  std::vector<FramePtr> frames;
  /// Pictures that the accelerator reads by itself, for as long as it may.
  std::vector<PreparedSurface> surfaces;
  Context::Ticket ticket = 0;
};

/// One accelerator at work: keeps as many runs in flight as it gains from, waits for them in order,
/// and reads their outputs.
class Lane {
 public:
  struct Callbacks {
    /// From the lane's thread, in the order of submission.
    std::function<void(FramePtr)> on_frame;
    /// A run has ended: there may be room for another.
    std::function<void()> on_room;
    std::function<void(const Status&)> on_error;
  };

  struct Options {
    StageId stage = 0;
    /// Candidates below the model's threshold are kept down to this.
    float candidate_score = 1;
    /// By source; shared by all lanes. Parts of a picture are not counted: the whole is, once.
    std::deque<StageMeter>* meters = nullptr;
  };

  Lane(std::size_t number, const Options& options, Callbacks callbacks);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void Start();
  /// Ends after the runs in flight; their frames are thrown away.
  void Close();
  void Join();

  std::size_t number() const { return number_; }
  /// Whether a run of this model would not have to wait for others.
  bool HasRoom(const ModelProgram& model);
  /// What a lane was seen to do.
  struct Figures {
    std::uint64_t frames = 0;
    /// Frames a second that it would do if it always had work; 0 before the first.
    double speed = 0;
    /// Frames with more candidates than its accelerator keeps, of which some were lost.
    std::uint64_t overfull = 0;
  };
  Figures figures();
  /// When it would be done with another frame, in milliseconds; 0 when nobody knows.
  double ExpectedMs();
  /// One thread at a time, and only when there is room.
  Status Submit(std::unique_ptr<Batch> batch);
  /// Carries the end of a stream behind what was submitted before.
  void Pass(FramePtr frame);

 private:
  void Run();
  Status Finish(Batch* batch);
  /// Sums a run up; whether the lane was closed meanwhile.
  bool Note(std::size_t frames, double busy_ms);
  void Read(Batch* batch, std::size_t item);

  const std::size_t number_;
  const Options options_;
  const Callbacks callbacks_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Batch>> in_flight_;
  /// Submitted and not yet waited for.
  std::size_t runs_ = 0;
  bool closed_ = false;
  /// Of one frame, smoothed; 0 before the first.
  double frame_ms_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t overfull_ = 0;
  /// When the accelerator was done with the run before. For the lane's thread.
  TimePoint free_since_{};
  std::thread thread_;
};

}  // namespace jetfleet
