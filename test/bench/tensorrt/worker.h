#pragma once

#include <functional>
#include <vector>

#include "backend.h"
#include "backends/tensorrt/cuda/owners.h"
#include "core/decode/placement.h"
#include "core/geometry.h"

namespace jetfleet::bench {

/// NV12 pictures with tight rows, 1280×720 BT.709 limited, in host or CUDA memory.
struct Nv12 {
  const void* data = nullptr;
  int memory = JF_HOST;
};

/// One context with as many sets of memory as it has runs in flight. Batches go in as pictures and
/// come out as detections, in their order. One thread.
class Worker {
 public:
  /// Of one frame: its number and what was found.
  using Out = std::function<void(std::uint64_t frame, std::vector<Detection> found)>;

  /// Whether each run in flight has inputs and outputs of its own; without, all have the same CUDA
  /// graph.
  enum class Memory { kOwn, kShared };

  /// `filtered`: the GPU reads the head; else the outputs stay on the GPU and nothing comes out.
  Worker(const Engine& engine, bool filtered, float min_score, Memory memory = Memory::kOwn);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Pictures that fill a batch, or fewer.
  void Push(const std::vector<Nv12>& pictures, std::uint64_t first_frame, const Out& out);
  /// A run on whatever lies in the input; nothing is prepared and nothing read.
  void PushBare();
  /// Waits for what is under way.
  void Drain(const Out& out);

  /// Candidates beyond what is kept for a frame.
  std::uint64_t dropped() const { return dropped_; }
  /// Bytes that the backend counted since this was made.
  JfTransfers transfers() const;

 private:
  struct Slot {
    cuda::DeviceMemory input;
    std::vector<cuda::DeviceMemory> outputs;
    cuda::PinnedMemory candidates;
    std::uint64_t ticket = 0;
    std::uint64_t first_frame = 0;
    int frames = 0;
    bool busy = false;
  };
  void Submit(Slot* slot);
  void Finish(Slot* slot, const Out& out);
  Slot* Next(const Out& out);

  const Engine& engine_;
  const JfContextFunctions& functions_;
  const bool filtered_;
  const Memory memory_;
  JfContext* context_;
  std::vector<Slot> slots_;
  std::size_t next_ = 0;
  std::uint64_t dropped_ = 0;
  PreprocessSpec spec_ = PreprocessSpec::Yolox();
  Placement placement_;
};

}  // namespace jetfleet::bench
