#include "core/decode/placement.h"

#include <algorithm>
#include <cmath>

namespace jetfleet {
namespace {

/// YOLOv5's letterbox shares an odd row of padding out by taking a tenth from one side.
constexpr double kTieBreak = 0.1;

/// Half to even, as Python's round().
int Nearest(double value) { return static_cast<int>(std::nearbyint(value)); }

}  // namespace

PreprocessSpec PreprocessSpec::Yolox() {
  PreprocessSpec spec;
  spec.channels = Channels::kBgr;
  return spec;
}

PreprocessSpec PreprocessSpec::YoloCentred() {
  PreprocessSpec spec;
  spec.anchor = Anchor::kCentre;
  spec.rounding = Rounding::kNearest;
  spec.scale = {1 / 255.0F, 1 / 255.0F, 1 / 255.0F};
  return spec;
}

PreprocessSpec PreprocessSpec::FastestDet() {
  PreprocessSpec spec = Stretched();
  spec.channels = Channels::kBgr;
  spec.scale = {1 / 255.0F, 1 / 255.0F, 1 / 255.0F};
  return spec;
}

PreprocessSpec PreprocessSpec::Stretched() {
  PreprocessSpec spec;
  spec.fit = Fit::kStretch;
  return spec;
}

Placement Placement::Of(const PreprocessSpec& spec, Size source, Size input) {
  const double across = static_cast<double>(input.width) / source.width;
  const double down = static_cast<double>(input.height) / source.height;
  if (spec.fit == PreprocessSpec::Fit::kStretch) {
    return {source, input, {0, 0, input.width, input.height}, across, down};
  }
  const double ratio = std::min(across, down);
  const auto scaled = [&](int length, int most) {
    const double exact = length * ratio;
    const int whole = spec.rounding == PreprocessSpec::Rounding::kNearest ? Nearest(exact)
                                                                          : static_cast<int>(exact);
    // The reference fails on pictures so flat that nothing would be left of them.
    return std::clamp(whole, 1, most);
  };
  Rect target{0, 0, scaled(source.width, input.width), scaled(source.height, input.height)};
  if (spec.anchor == PreprocessSpec::Anchor::kCentre) {
    target.x = Nearest((input.width - target.width) / 2.0 - kTieBreak);
    target.y = Nearest((input.height - target.height) / 2.0 - kTieBreak);
  }
  return {source, input, target, ratio, ratio};
}

Box Placement::Undo(const Box& box) const {
  return {static_cast<float>((static_cast<double>(box.left) - target.x) / scale_x),
          static_cast<float>((static_cast<double>(box.top) - target.y) / scale_y),
          static_cast<float>(static_cast<double>(box.width) / scale_x),
          static_cast<float>(static_cast<double>(box.height) / scale_y)};
}

}  // namespace jetfleet
