#include "core/prepare/plane_scaler.h"

#include <libyuv/scale.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace jetfleet {
namespace {

constexpr int kWhole = 256;

/// The left (or upper) one of the two neighbours of a scaled sample, and the share of the other.
struct Neighbours {
  int first;
  int share;
};

Neighbours NeighboursOf(int index, int from, int to) {
  const double exact = (index + 0.5) * from / to - 0.5;
  const double place = std::clamp(exact, 0.0, static_cast<double>(from - 1));
  // The last sample has no neighbour on its right: then it is that neighbour.
  const int first = std::min(static_cast<int>(place), from - 2);
  return {first, static_cast<int>(std::lround((place - first) * kWhole))};
}

}  // namespace

void PlaneScaler::Run(const std::uint8_t* from, int stride, Size from_size, std::uint8_t* to,
                      Size to_size) {
  if (!ByOwnRows(from_size, to_size)) {
    libyuv::ScalePlane(from, stride, from_size.width, from_size.height, to, to_size.width,
                       to_size.width, to_size.height, libyuv::kFilterBilinear);
    return;
  }
  if (!(from_ == from_size && to_ == to_size)) Plan(from_size, to_size);
  for (std::size_t y = 0; y < lines_.size(); ++y) {
    const Row& line = lines_[y];
    const std::uint8_t* const top = from + static_cast<std::ptrdiff_t>(line.top) * stride;
    rows_->blend(top, top + stride, line.down, static_cast<std::size_t>(from_size.width),
                 between_.data());
    rows_->pick(between_.data(), columns_, to);
    to += to_size.width;
  }
}

/// libyuv has ways of its own to copy and to make larger.
bool PlaneScaler::ByOwnRows(Size from, Size to) const {
  const bool smaller = to.width <= from.width && to.height <= from.height && !(from == to);
  return rows_ != nullptr && smaller && from.width >= 2 && from.height >= 2;
}

void PlaneScaler::Plan(Size from, Size to) {
  columns_ = {};
  for (int x = 0; x < to.width; ++x) {
    const auto [left, share] = NeighboursOf(x, from.width, to.width);
    columns_.left.push_back(left);
    columns_.shares.push_back(static_cast<std::uint32_t>(kWhole - share) |
                              static_cast<std::uint32_t>(share) << 16);
  }
  lines_.clear();
  for (int y = 0; y < to.height; ++y) {
    const auto [top, share] = NeighboursOf(y, from.height, to.height);
    lines_.push_back({top, share});
  }
  between_.assign(static_cast<std::size_t>(from.width) + ScaleRows::kBehind, 0);
  from_ = from;
  to_ = to;
}

}  // namespace jetfleet
