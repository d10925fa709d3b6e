#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/tensorrt/cuda/candidates.h"
#include "backends/tensorrt/cuda/preparer.h"
#include "backends/tensorrt/program.h"

namespace jetfleet::tensorrt {

/// Runs of one program on one stream, in the order they were submitted. Tensors on the host are
/// brought to the GPU and back; those in CUDA memory are used where they lie.
///
/// INVARIANTS: a slot is owned by at most one run that is not waited for; runs end in the order of
/// their tickets, because all are on one stream, and what is fetched for them on another.
class Context {
 public:
  /// Runs that are under way together; more wait for the oldest of them.
  static constexpr std::size_t kSlots = 3;

  /// Pictures are prepared by "cuda" or "vic". Throws Failure where that cannot be had.
  Context(const Program* program, const std::string& preprocessor);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Throws Failure. Allocates only when sizes or addresses are new.
  std::uint64_t Submit(const std::vector<JfTensor>& inputs, const std::vector<JfTensor>& outputs);
  /// Throws Failure when the run failed. False for a ticket that is not the next.
  bool Wait(std::uint64_t ticket);

  /// Puts pictures into an input, in front of the next run. Throws Failure.
  void Prepare(const std::vector<JfSurface>& surfaces, const std::vector<JfRect>& rects,
               const JfPreprocess& preprocess, const JfTensor& input);
  /// Has an output reduced to candidates from the next run on; null: no more. Throws Failure when
  /// it is not of that head.
  void SetFilter(const JfFilter* filter);

  const cuda::Transfers& transfers() const { return transfers_; }
  const Program& program() const { return *program_; }
  /// What is put on it before `Submit` is done before that run reads its inputs.
  const cuda::Stream& stream() const { return stream_; }

 private:
  /// Memory for the tensors of one run that lie on the host.
  struct Slot {
    struct Staging {
      cuda::DeviceMemory device;
      cuda::PinnedMemory pinned;
      std::size_t bytes = 0;
    };
    std::vector<Staging> tensors;
    /// Of the filter, for a caller who wants them on the host.
    Staging candidates;
    cuda::Event ran;
    cuda::Event done;
  };
  /// An output that is to be copied to memory that the GPU cannot reach, once it is there.
  struct Copy {
    void* to;
    const void* from;
    std::size_t bytes;
  };
  struct Run {
    std::uint64_t ticket = 0;
    std::vector<Copy> copies;
  };
  /// A run's shapes and addresses, and the graph that does it again without the processor: empty
  /// after the first run of the kind, which sets up what must not happen while it is recorded.
  struct Recording {
    std::vector<std::int64_t> signature;
    cuda::GraphExec graph;
  };

  void Bind(const JfTensor& tensor, const Program::Io& io, Slot* slot);
  void BindFiltered(const JfTensor& tensor, const Program::Io& io, Slot* slot);
  void SetAddress(const Program::Io& io, void* address);
  void Fetch(const JfTensor& tensor, Slot::Staging* staging, Run* run);
  bool Filters(std::size_t output) const;
  void Enqueue();
  void EnqueuePlainly();

  cuda::Preparer& Preparer();

  const Program* const program_;
  const cuda::Preparer::Scaling scaling_;
  cuda::Transfers transfers_;
  cuda::Stream stream_;
  /// Outputs go to the host on one of its own, so that the next run does not wait for them.
  cuda::Stream fetches_;
  Invocation invocation_;
  std::vector<Slot> slots_;
  /// Of the run that is being submitted.
  std::vector<std::int64_t> signature_;
  std::deque<Recording> recordings_;
  std::unique_ptr<cuda::Preparer> preparer_;
  std::unique_ptr<cuda::CandidateFilter> filter_;
  JfFilter filter_options_{};
  /// Of the run that is being submitted.
  kernels::CandidateParameters filtering_{};
  bool graphs_work_ = true;
  std::mutex mutex_;
  std::deque<Run> under_way_;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace jetfleet::tensorrt
