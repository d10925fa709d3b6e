#pragma once

#include "backends/tensorrt/cuda/kernels/prepare.cu"
#include "core/geometry.h"

namespace jetfleet::cuda {

/// Kinds of planes, as libyuv scales them: each with functions and roundings of its own.
enum class PlaneKind { kSingle, kPairs, kPacked };

/// How a plane of size `from` is sampled to become one of size `to` so that every sample is what
/// core/prepare's bilinear scaling by libyuv makes of it (its revision of January 2023, on x86).
/// Samples, stride and step are left to the caller. Sizes from 1 to 32767.
kernels::PlaneSampling PlanSampling(PlaneKind kind, Size from, Size to);

}  // namespace jetfleet::cuda
