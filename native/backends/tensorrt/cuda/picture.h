#pragma once

#include <array>
#include <cstdint>

#include "backends/tensorrt/cuda/sampling.h"
#include "core/memory/surface.h"

namespace jetfleet::cuda {

/// A pitch-linear picture whose planes lie where the kernel reads them.
struct PictureView {
  PixelFormat format = PixelFormat::kNv12;
  Color color;
  Rotation rotation = Rotation::kNone;
  /// The visible part, as it is stored.
  Size size;
  std::array<const std::uint8_t*, kMaxPlanes> planes{};
  std::array<int, kMaxPlanes> strides{};
};

/// How the kernel brings a picture to `target` in its slot, as core/prepare does it on the CPU.
kernels::Picture PictureOf(const PictureView& view, const Rect& target);

/// What is the same for all slots of one tensor. The output's address, type and strides are left to
/// the caller.
void SetNormalisation(bool bgr, const float (&mean)[3], const float (&scale)[3],
                      const float (&pad)[3], kernels::PrepareParameters* parameters);

}  // namespace jetfleet::cuda
