#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <vector>

#include "backends/onnxruntime/ort_program.h"

namespace jetfleet {

/// Runs of one program in the order they were submitted. The processor gains nothing from runs side
/// by side, so each is done by the thread that waits for it.
class OrtContext {
 public:
  explicit OrtContext(OrtProgram* program) : program_(program) {}

  /// Throws what ONNX Runtime throws.
  std::uint64_t Submit(const std::vector<JfTensor>& inputs, const std::vector<JfTensor>& outputs);
  /// False for a ticket that is not the next.
  bool Wait(std::uint64_t ticket);

 private:
  struct Run {
    std::uint64_t ticket = 0;
    std::vector<const OrtValue*> inputs;
    std::vector<OrtValue*> outputs;
  };
  /// A tensor seen before: callers use the same memory again and again.
  struct Bound {
    JfTensor tensor;
    Ort::Value value;
  };
  OrtValue* Bind(const JfTensor& tensor);

  OrtProgram* const program_;
  const Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  const Ort::RunOptions run_options_;
  std::mutex mutex_;
  /// Most recently used first; a list, because runs under way point into it.
  std::list<Bound> bound_;
  std::deque<Run> waiting_;
  /// Of runs that are over, kept for their memory.
  std::vector<Run> spare_;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace jetfleet
