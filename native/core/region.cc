#include "core/region.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace jetfleet {
namespace {

/// Of a side, in shares.
struct Span {
  double from;
  double to;
};

Span Reversed(Span span) { return {1 - span.to, 1 - span.from}; }

/// Across and down in the picture as it is stored, of spans as it is shown. `Rotation` turns the
/// stored picture upright.
std::pair<Span, Span> Stored(Rotation rotation, Span across, Span down) {
  switch (rotation) {
    case Rotation::kNone:
      break;
    case Rotation::kQuarter:
      return {down, Reversed(across)};
    case Rotation::kHalf:
      return {Reversed(across), Reversed(down)};
    case Rotation::kThreeQuarters:
      return {Reversed(down), across};
  }
  return {across, down};
}

std::pair<Span, Span> Shown(Rotation rotation, Span across, Span down) {
  switch (rotation) {
    case Rotation::kNone:
      break;
    case Rotation::kQuarter:
      return {Reversed(down), across};
    case Rotation::kHalf:
      return {Reversed(across), Reversed(down)};
    case Rotation::kThreeQuarters:
      return {down, Reversed(across)};
  }
  return {across, down};
}

struct Pixels {
  int from;
  int length;
};

Pixels PairsAround(Span span, int side) {
  // What is reckoned to a hair over a pixel is on it.
  constexpr double kHair = 1e-6;
  const auto from = static_cast<int>(std::floor(std::max(span.from, 0.0) * side / 2 + kHair)) * 2;
  const int begin = std::clamp(from, 0, std::max((side - 1) / 2 * 2, 0));
  const auto to = static_cast<int>(std::ceil(span.to * side / 2 - kHair)) * 2;
  return {begin, std::clamp(to, begin + 1, side) - begin};
}

}  // namespace

PicturePart PartOf(const Surface& whole, const Region& region) {
  SurfaceDesc desc = whole.desc();
  const Rect before = desc.visible;
  const auto [across, down] = Stored(desc.rotation, {region.left, region.left + region.width},
                                     {region.top, region.top + region.height});
  const Pixels x = PairsAround(across, before.width);
  const Pixels y = PairsAround(down, before.height);
  desc.visible = {before.x + x.from, before.y + y.from, x.length, y.length};
  const auto share = [](const Pixels& pixels, int side) {
    return Span{static_cast<double>(pixels.from) / side,
                static_cast<double>(pixels.from + pixels.length) / side};
  };
  const auto [right, below] = Shown(desc.rotation, share(x, before.width), share(y, before.height));
  const Size size = whole.ShownSize();
  return {std::make_shared<const Surface>(desc, whole.buffer()),
          static_cast<float>(right.from * size.width),
          static_cast<float>(below.from * size.height)};
}

}  // namespace jetfleet
