#pragma once

namespace jetfleet {

/// How luma and colour differences are made from R, G, B (ITU-R BT.601, BT.709, BT.2020 constant
/// luminance excluded).
enum class ColorMatrix { kBt601, kBt709, kBt2020 };

/// Limited: Y from 16 to 235, colour differences from 16 to 240. Full: 0 to 255.
enum class ColorRange { kLimited, kFull };

/// What is needed to turn YUV samples into R, G, B. Transfer and primaries are left as they are, as
/// in what the models were trained on.
struct Color {
  ColorMatrix matrix = ColorMatrix::kBt601;
  ColorRange range = ColorRange::kLimited;
  bool operator==(const Color& other) const {
    return matrix == other.matrix && range == other.range;
  }
};

}  // namespace jetfleet
