#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/memory/buffer_pool.h"
#include "core/prepare/host_preparer.h"
#include "core/queue.h"
#include "core/secondary/options.h"
#include "core/secondary/track_answers.h"
#include "core/secondary/waiting.h"
#include "core/trace.h"

namespace jetfleet {

/// A part of a picture with one tracked object, on its way to a secondary model.
struct Crop {
  /// Where the accelerator prepares pictures: the part as it is.
  SurfaceRef surface;
  /// Else what the CPU has made of it, so that the picture need not wait: one slot of an input.
  TensorView input;
  int track = 0;
  std::shared_ptr<TrackAnswers> answers;
  /// When it was cut out.
  TimePoint since;
  /// The frame that waits for it; null of a live source, whose frames do not.
  std::shared_ptr<Waiting> waiting;
};

/// One secondary model at work on the crops of all sources, on a thread of its own: takes what
/// waits, up to what one run may hold, and puts the answers where each crop says. A run begins when
/// it is full, when its oldest crop has waited for some milliseconds, or when somebody is in a
/// hurry.
///
/// INVARIANTS: `Ask` never waits. Crops that no frame waits for are at most `kCapacity`, of those
/// that frames wait for there are `most()` of each source: who asks sees to that. What waits at
/// `Close` is thrown away.
class Secondary {
 public:
  /// Crops of live sources.
  static constexpr std::size_t kCapacity = 16;

  struct Figures {
    StageFigures interval;
    QueueLevels queue;
    std::uint64_t looked = 0;
    std::uint64_t dropped = 0;
    std::uint64_t runs = 0;
  };

  /// `on_error`: a run failed; no other follows.
  Secondary(SecondaryModel secondary, std::function<void(const Status&)> on_error);
  ~Secondary();
  Secondary(const Secondary&) = delete;
  Secondary& operator=(const Secondary&) = delete;

  void Start();
  void Close();
  void Join();

  /// Brings a part of a picture into a crop, for one thread's `preparer`. INTERNAL when the CPU
  /// cannot read the picture, or there is no memory left.
  Status Prepare(const SurfaceRef& part, HostPreparer* preparer, Crop* crop);
  /// False when there is no room for it, which is counted, or all ends.
  bool Ask(Crop crop);

  /// A frame waits, and has asked for all that it may: nobody waits for other sources.
  void Hurry();

  const SecondaryOptions& options() const { return options_; }
  const ModelProgram& model() const { return *model_; }
  /// As attributes have it.
  const std::shared_ptr<const std::string>& name() const { return name_; }
  /// Crops in one run.
  std::size_t most() const { return most_; }
  Figures TakeFigures();

 private:
  void Run();
  /// False when closed.
  bool Take(std::vector<Crop>* crops);
  Status Look(std::vector<Crop>* crops);
  Status Fill(const std::vector<Crop>& crops, const RunTensors& tensors);
  std::shared_ptr<const Answer> Read(const RunTensors& tensors, std::int64_t item);

  const SecondaryOptions options_;
  const std::shared_ptr<const std::string> name_;
  const std::shared_ptr<ModelProgram> model_;
  const std::function<void(const Status&)> on_error_;
  const std::size_t most_;
  StageMeter meter_;

  std::mutex mutex_;
  std::condition_variable changed_;
  /// Made with the first crop: of one slot, on the host.
  TensorDesc slot_;
  std::unique_ptr<BufferPool> slots_;
  std::deque<Crop> crops_;
  bool hurry_ = false;
  std::size_t most_waited_ = 0;
  std::uint64_t looked_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_before_ = 0;
  std::uint64_t runs_ = 0;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace jetfleet
