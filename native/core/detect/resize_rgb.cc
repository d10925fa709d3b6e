#include "core/detect/resize_rgb.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace jetfleet {
namespace {

/// One output coordinate as a mix of two input coordinates.
struct Tap {
  std::size_t first;
  std::size_t second;
  float weight_of_second;
};

std::vector<Tap> TapsOf(int from, int to) {
  std::vector<Tap> taps;
  taps.reserve(static_cast<std::size_t>(to));
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  for (int i = 0; i < to; ++i) {
    const float centre = (static_cast<float>(i) + 0.5F) * scale - 0.5F;
    const float clamped = std::clamp(centre, 0.0F, static_cast<float>(from - 1));
    const int first = static_cast<int>(clamped);
    const int second = std::min(first + 1, from - 1);
    taps.push_back({static_cast<std::size_t>(first), static_cast<std::size_t>(second),
                    clamped - static_cast<float>(first)});
  }
  return taps;
}

float Mix(float a, float b, float weight_of_b) { return a + (b - a) * weight_of_b; }

}  // namespace

void ResizeRgbToBgr(const std::uint8_t* rgb, Size from, std::uint8_t* bgr, Size to) {
  const auto columns = TapsOf(from.width, to.width);
  const auto rows = TapsOf(from.height, to.height);
  const std::size_t stride = static_cast<std::size_t>(from.width) * 3;
  for (const Tap& row : rows) {
    const std::uint8_t* upper = rgb + row.first * stride;
    const std::uint8_t* lower = rgb + row.second * stride;
    for (const Tap& column : columns) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const std::size_t left = column.first * 3 + 2 - channel;
        const std::size_t right = column.second * 3 + 2 - channel;
        const float value =
            Mix(Mix(upper[left], upper[right], column.weight_of_second),
                Mix(lower[left], lower[right], column.weight_of_second), row.weight_of_second);
        *bgr++ = static_cast<std::uint8_t>(std::lround(value));
      }
    }
  }
}

}  // namespace jetfleet
