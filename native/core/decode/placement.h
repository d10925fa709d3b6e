#pragma once

#include <array>

#include "core/geometry.h"

namespace jetfleet {

/// How a picture gets into a model's input. Families of models differ in all of it, and boxes drift
/// when one is taken for another.
struct PreprocessSpec {
  enum class Fit { kLetterbox, kStretch };
  enum class Anchor { kTopLeft, kCentre };
  /// Of the scaled size: cut to whole pixels, or to the nearest (halves to the even one).
  enum class Rounding { kTruncate, kNearest };
  enum class Channels { kRgb, kBgr };

  Fit fit = Fit::kLetterbox;
  Anchor anchor = Anchor::kTopLeft;
  Rounding rounding = Rounding::kTruncate;
  Channels channels = Channels::kRgb;
  /// value = (sample − mean) × scale, sample and padding from 0 to 255, in the order of `channels`.
  std::array<float, 3> mean{};
  std::array<float, 3> scale{1, 1, 1};
  float pad = 114;

  /// YOLOX, `preproc` of data_augment.py: sizes by int(), top left, BGR 0–255.
  static PreprocessSpec Yolox();
  /// YOLOv5, v8, v9, 11, `letterbox`: sizes and padding by round(), centred, RGB 0–1.
  static PreprocessSpec YoloCentred();
  /// FastestDet: resized without regard to proportions, BGR 0–1.
  static PreprocessSpec FastestDet();
  /// Resized without regard to proportions, RGB 0–255.
  static PreprocessSpec Stretched();
  /// Darknet's letterbox: sizes cut, centred on grey, RGB 0–1; YOLOv4's is stretched.
  static PreprocessSpec Darknet();
  static PreprocessSpec DarknetStretched();
  /// RT-DETR: stretched, RGB 0–1.
  static PreprocessSpec RtDetr();
  /// TensorFlow's float models: stretched, RGB from -1 to 1.
  static PreprocessSpec FromMinusOne();
  /// Mean and deviation of ImageNet: stretched, RGB.
  static PreprocessSpec ImageNet();
  /// The same in BGR, stretched or centred on black.
  static PreprocessSpec NanoDet(Fit fit);
  /// Mean and deviation of COCO: centred on black, BGR.
  static PreprocessSpec CenterNet();
  /// Ultra-Light face: stretched, RGB, (x - 127) / 128.
  static PreprocessSpec Ultraface();
  /// YuNet: top left on black, BGR 0–255.
  static PreprocessSpec Yunet();
};

/// Where a picture lies in a model's input.
struct Placement {
  Size source;
  Size input;
  /// In pixels of the input; the rest is padding.
  Rect target;
  /// Input pixels for one pixel of the source, as the reference undoes it.
  double scale_x = 1;
  double scale_y = 1;

  /// Step by step as the reference implementations reckon, in double precision.
  static Placement Of(const PreprocessSpec& spec, Size source, Size input);

  /// From pixels of the model's input to pixels of the source picture.
  Box Undo(const Box& box) const;
};

}  // namespace jetfleet
