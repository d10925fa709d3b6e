#include "core/decode/placement.h"

#include <algorithm>
#include <cmath>

namespace jetfleet {
namespace {

/// YOLOv5's letterbox shares an odd row of padding out by taking a tenth from one side.
constexpr double kTieBreak = 0.1;

constexpr float kSamples = 255;

/// BGR, centred on black where it is a letterbox.
PreprocessSpec OnBlack(PreprocessSpec::Fit fit) {
  PreprocessSpec spec;
  spec.fit = fit;
  spec.anchor = PreprocessSpec::Anchor::kCentre;
  spec.rounding = PreprocessSpec::Rounding::kNearest;
  spec.channels = PreprocessSpec::Channels::kBgr;
  spec.pad = 0;
  return spec;
}

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

PreprocessSpec PreprocessSpec::Darknet() {
  PreprocessSpec spec = YoloCentred();
  spec.rounding = Rounding::kTruncate;
  spec.pad = kSamples / 2;
  return spec;
}

PreprocessSpec PreprocessSpec::DarknetStretched() { return RtDetr(); }

PreprocessSpec PreprocessSpec::RtDetr() {
  PreprocessSpec spec = Stretched();
  spec.scale = {1 / kSamples, 1 / kSamples, 1 / kSamples};
  return spec;
}

PreprocessSpec PreprocessSpec::FromMinusOne() {
  PreprocessSpec spec = Stretched();
  spec.mean = {kSamples / 2, kSamples / 2, kSamples / 2};
  spec.scale = {2 / kSamples, 2 / kSamples, 2 / kSamples};
  return spec;
}

PreprocessSpec PreprocessSpec::ImageNet() {
  PreprocessSpec spec = Stretched();
  spec.mean = {123.675F, 116.28F, 103.53F};
  spec.scale = {1 / 58.395F, 1 / 57.12F, 1 / 57.375F};
  return spec;
}

PreprocessSpec PreprocessSpec::NanoDet(Fit fit) {
  PreprocessSpec spec = OnBlack(fit);
  spec.mean = {103.53F, 116.28F, 123.675F};
  spec.scale = {1 / 57.375F, 1 / 57.12F, 1 / 58.395F};
  return spec;
}

PreprocessSpec PreprocessSpec::CenterNet() {
  PreprocessSpec spec = OnBlack(Fit::kLetterbox);
  spec.mean = {0.408F * kSamples, 0.447F * kSamples, 0.470F * kSamples};
  spec.scale = {1 / (0.289F * kSamples), 1 / (0.274F * kSamples), 1 / (0.278F * kSamples)};
  return spec;
}

PreprocessSpec PreprocessSpec::Ultraface() {
  PreprocessSpec spec = Stretched();
  spec.mean = {127, 127, 127};
  spec.scale = {1 / 128.0F, 1 / 128.0F, 1 / 128.0F};
  return spec;
}

PreprocessSpec PreprocessSpec::Yunet() {
  PreprocessSpec spec = Yolox();
  spec.pad = 0;
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
