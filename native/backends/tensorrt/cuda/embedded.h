#pragma once

#include "backends/tensorrt/cuda/kernel_cache.h"

/// The sources under kernels/, as texts (made by cuda.mk).
namespace jetfleet::cuda {

KernelSource PrepareSource();
KernelSource CandidatesSource();

}  // namespace jetfleet::cuda
