#pragma once

#include "backends/tensorrt/cuda/kernels/prepare.cu"
#include "core/geometry.h"

namespace jetfleet::cuda {

/// How a plane of size `from` is sampled to become one of size `to` so that every sample is what
/// core/prepare makes of it on x86 with AVX2; where it takes libyuv, that is the revision of
/// January 2023. Samples, stride and step are left to the caller. Sizes from 1 to 16383.
kernels::PlaneSampling PlanSampling(Size from, Size to);

}  // namespace jetfleet::cuda
