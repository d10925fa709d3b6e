#include "core/prepare/resize_rgb.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace jetfleet {
namespace {

/// Fixed-point arithmetic of the common implementation (OpenCV's, for 8 bits), step by step:
/// weights of 11 bits and two truncations. A single grey level moves some boxes of small models by
/// several pixels.
constexpr int kWeightOne = 1 << 11;

/// One output coordinate as a mix of two input coordinates; weights add up to kWeightOne.
struct Tap {
  std::size_t first;
  std::size_t second;
  int weight_of_first;
  int weight_of_second;
};

std::vector<Tap> TapsOf(int from, int to) {
  std::vector<Tap> taps;
  taps.reserve(static_cast<std::size_t>(to));
  const double scale = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    const auto centre = static_cast<float>((i + 0.5) * scale - 0.5);
    const float clamped = std::clamp(centre, 0.0F, static_cast<float>(from - 1));
    const int first = static_cast<int>(clamped);
    const float share = clamped - static_cast<float>(first);
    taps.push_back({static_cast<std::size_t>(first),
                    static_cast<std::size_t>(std::min(first + 1, from - 1)),
                    static_cast<int>(std::lrint((1 - share) * kWeightOne)),
                    static_cast<int>(std::lrint(share * kWeightOne))});
  }
  return taps;
}

int MixColumns(const std::uint8_t* row, const Tap& column, std::size_t channel) {
  return row[column.first * 3 + channel] * column.weight_of_first +
         row[column.second * 3 + channel] * column.weight_of_second;
}

std::uint8_t MixRows(int upper, int lower, const Tap& row) {
  const int mixed =
      ((row.weight_of_first * (upper >> 4)) >> 16) + ((row.weight_of_second * (lower >> 4)) >> 16);
  return static_cast<std::uint8_t>(std::min((mixed + 2) >> 2, 255));
}

}  // namespace

void ResizeRgbToBgr(const std::uint8_t* rgb, Size from, std::uint8_t* bgr, Size to) {
  const auto columns = TapsOf(from.width, to.width);
  const auto rows = TapsOf(from.height, to.height);
  const std::size_t stride = static_cast<std::size_t>(from.width) * 3;
  for (const Tap& row : rows) {
    const std::uint8_t* upper = rgb + row.first * stride;
    const std::uint8_t* lower = rgb + row.second * stride;
    for (const Tap& column : columns) {
      for (const std::size_t channel : {2U, 1U, 0U}) {
        *bgr++ =
            MixRows(MixColumns(upper, column, channel), MixColumns(lower, column, channel), row);
      }
    }
  }
}

}  // namespace jetfleet
