#pragma once

#include <cstddef>

#include "backends/tensorrt/cuda/kernel_cache.h"
#include "backends/tensorrt/cuda/kernels/candidates.cu"
#include "backends/tensorrt/cuda/owners.h"

namespace jetfleet::cuda {

/// Whether an output of so many cells and fields can be of that head and input.
bool FitsHead(const kernels::CandidateParameters& head);

/// Reduces a head's answers to candidates on the GPU, so that only these cross to the host. Any
/// number of contexts may share one.
class CandidateFilter {
 public:
  CandidateFilter(const Device& device, const KernelCache& kernels);

  /// Bytes of the counts and candidates of so many items.
  static std::size_t Bytes(int items, int most) {
    return static_cast<std::size_t>(items) * static_cast<std::size_t>(most + 1) *
           sizeof(kernels::Candidate);
  }

  /// Puts it on the stream; may be captured as part of a graph.
  void Run(const kernels::CandidateParameters& parameters, const Stream& stream) const;

 private:
  Module module_;
  FunctionHandle function_;
};

}  // namespace jetfleet::cuda
