#pragma once

#include <cstdint>

#include "core/geometry.h"

namespace jetfleet {

/// Bilinear with half-pixel centres and no smoothing, as the reference implementations of the
/// models do it; swaps packed R, G, B to B, G, R on the way. Buffers are tight: width × height × 3
/// bytes.
void ResizeRgbToBgr(const std::uint8_t* rgb, Size from, std::uint8_t* bgr, Size to);

}  // namespace jetfleet
