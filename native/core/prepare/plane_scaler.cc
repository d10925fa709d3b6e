#include "core/prepare/plane_scaler.h"

#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/prepare/fetch.h"

namespace jetfleet {
namespace {

constexpr int kWhole = 256;
/// Rows of the result. Of pictures of 768×432, which were decoded a moment ago but are not near any
/// more, more than half of the time of scaling would go by waiting for memory.
constexpr std::size_t kFetchAhead = 4;

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
  const auto work = [&](const std::uint8_t* top, int down, std::size_t at) {
    rows_->blend(top, top + stride, down, width, between_.data());
    rows_->pick(between_.data(), columns_, to + at);
  };
  ForEachLine({from, stride, width}, {to}, work);
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
  const auto work = [&](const std::uint8_t* top, int down, std::size_t at) {
    rows.blend(top, top + stride, down, 2 * width, between_.data());
    rows.part(between_.data(), width, apart_[0].data(), apart_[1].data());
    rows.pick(apart_[0].data(), columns_, first + at);
    rows.pick(apart_[1].data(), columns_, second + at);
  };
  ForEachLine({from, stride, 2 * width}, {first, second}, work);
}

template <typename Work>
void PlaneScaler::ForEachLine(const Rows& from, std::initializer_list<std::uint8_t*> to,
                              const Work& work) const {
  const std::size_t width = columns_.left.size();
  int fetched = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const std::size_t ahead = std::min(i + kFetchAhead, lines_.size() - 1);
    const int top = lines_[ahead].top;
    for (int row = std::max(top, fetched); row < top + 2; ++row) {
      FetchToRead(from.At(row), from.bytes);
    }
    fetched = top + 2;
    for (std::uint8_t* const plane : to) FetchToWrite(plane + ahead * width, width);
    work(from.At(lines_[i].top), lines_[i].down, i * width);
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
    columns_.Add(left, share);
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
