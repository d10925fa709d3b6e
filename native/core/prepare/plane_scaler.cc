#include "core/prepare/plane_scaler.h"

#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace jetfleet {
namespace {

constexpr int kWhole = 256;
/// Rows of the result before it is needed.
constexpr std::size_t kFetchAhead = 4;

/// Fetches rows before they are needed: what a processor fetches by itself lies behind what is
/// read, and rows are short. Of pictures of 768×432, which were decoded a moment ago but are not
/// near any more, half of the time of scaling went by waiting for them.
class RowFetcher {
 public:
  RowFetcher(const std::uint8_t* plane, int stride, std::size_t bytes)
      : plane_(plane), stride_(stride), bytes_(bytes) {}

  /// A row and the one below it; rows come in their order.
  void FetchTwo(int top) {
    for (int row = std::max(top, next_); row < top + 2; ++row) {
      const std::uint8_t* const begin = plane_ + static_cast<std::ptrdiff_t>(row) * stride_;
      for (std::size_t at = 0; at < bytes_; at += kCacheLine) __builtin_prefetch(begin + at);
    }
    next_ = top + 2;
  }

 private:
  static constexpr std::size_t kCacheLine = 64;
  const std::uint8_t* const plane_;
  const int stride_;
  const std::size_t bytes_;
  int next_ = 0;
};

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
  if (rows_ == nullptr || !IsReduction(from_size, to_size)) {
    libyuv::ScalePlane(from, stride, from_size.width, from_size.height, to, to_size.width,
                       to_size.width, to_size.height, libyuv::kFilterBilinear);
    return;
  }
  Plan(from_size, to_size);
  const auto width = static_cast<std::size_t>(from_size.width);
  between_.resize(width + ScaleRows::kBehind);
  ForEachLine(from, stride, width, [&](const std::uint8_t* top, int down) {
    rows_->blend(top, top + stride, down, width, between_.data());
    rows_->pick(between_.data(), columns_, to);
    to += to_size.width;
  });
}

void PlaneScaler::RunPairs(const std::uint8_t* from, int stride, Size from_size,
                           std::uint8_t* first, std::uint8_t* second, Size to_size) {
  const auto width = static_cast<std::size_t>(from_size.width);
  if (!IsReduction(from_size, to_size)) {
    for (auto& plane : planes_) plane.resize(width * static_cast<std::size_t>(from_size.height));
    libyuv::SplitUVPlane(from, stride, planes_[0].data(), from_size.width, planes_[1].data(),
                         from_size.width, from_size.width, from_size.height);
    Run(planes_[0].data(), from_size.width, from_size, first, to_size);
    Run(planes_[1].data(), from_size.width, from_size, second, to_size);
    return;
  }
  const ScaleRows& rows = rows_ != nullptr ? *rows_ : PortableScaleRows();
  Plan(from_size, to_size);
  between_.resize(2 * width);
  for (auto& row : apart_) row.resize(width + ScaleRows::kBehind);
  ForEachLine(from, stride, 2 * width, [&](const std::uint8_t* top, int down) {
    rows.blend(top, top + stride, down, 2 * width, between_.data());
    rows.part(between_.data(), width, apart_[0].data(), apart_[1].data());
    rows.pick(apart_[0].data(), columns_, first);
    rows.pick(apart_[1].data(), columns_, second);
    first += to_size.width;
    second += to_size.width;
  });
}

template <typename Work>
void PlaneScaler::ForEachLine(const std::uint8_t* from, int stride, std::size_t bytes,
                              const Work& work) const {
  RowFetcher fetcher(from, stride, bytes);
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    fetcher.FetchTwo(lines_[std::min(i + kFetchAhead, lines_.size() - 1)].top);
    work(from + static_cast<std::ptrdiff_t>(lines_[i].top) * stride, lines_[i].down);
  }
}

bool PlaneScaler::IsReduction(Size from, Size to) {
  const bool smaller = to.width <= from.width && to.height <= from.height && !(from == to);
  return smaller && from.width >= 2 && from.height >= 2;
}

void PlaneScaler::Plan(Size from, Size to) {
  if (from_ == from && to_ == to) return;
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
  from_ = from;
  to_ = to;
}

}  // namespace jetfleet
