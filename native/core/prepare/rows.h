#pragma once

#include <cstddef>
#include <cstdint>

#include "core/memory/color.h"

/// Work on one row of samples. Compiled with loops vectorised (see the Makefile), once for each
/// instruction set; the processor decides while running.
namespace jetfleet {

/// out = (sample - mean) × scale for one plane of a model's input.
struct RowTarget {
  float* out = nullptr;
  float mean = 0;
  float scale = 1;
};

/// From Y, U, V to R, G, B, all from 0 to 255.
struct YuvCoefficients {
  float luma_offset;
  float luma;
  float red_of_v;
  float green_of_u;
  float green_of_v;
  float blue_of_u;
};
/// As ITU-R BT.601, BT.709 and BT.2020 define them, for 8 bits. Not libyuv's: those of its tables
/// that do not fit 8 bits are cut off, which costs 13 levels of blue in limited BT.709.
YuvCoefficients CoefficientsOf(const Color& color);

struct RowFunctions {
  void (*convert)(const std::uint8_t* from, std::size_t count, const RowTarget& to);
  /// Chroma as wide as luma. R, G, B are clamped to 0 to 255 and not rounded.
  void (*yuv)(const std::uint8_t* y, const std::uint8_t* u, const std::uint8_t* v,
              std::size_t count, const YuvCoefficients& by, const RowTarget& red,
              const RowTarget& green, const RowTarget& blue);
  /// Each sample twice; `count` is that of `to`.
  void (*widen)(const std::uint8_t* from, std::size_t count, std::uint8_t* to);
};

/// Those for this processor.
const RowFunctions& Rows();
/// Those that every processor of the kind has; the measure for tests.
const RowFunctions& PortableRows();

}  // namespace jetfleet
