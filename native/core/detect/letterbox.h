#pragma once

#include <algorithm>

#include "core/geometry.h"

namespace jetfleet {

/// YOLOX's letterbox: the picture keeps its aspect ratio and lies at the top left; the rest is grey
/// 114. Sizes are cut to whole pixels, as in the reference.
struct Letterbox {
  Size source;
  Size input;
  Size scaled;
  float ratio = 1;

  static Letterbox Fit(Size source, Size input) {
    const float ratio =
        std::min(static_cast<float>(input.width) / static_cast<float>(source.width),
                 static_cast<float>(input.height) / static_cast<float>(source.height));
    const auto scale = [ratio](int length) {
      return std::max(1, static_cast<int>(static_cast<float>(length) * ratio));
    };
    return {source, input, {scale(source.width), scale(source.height)}, ratio};
  }

  /// From pixels of the model's input to pixels of the source picture.
  Box Undo(const Box& box) const {
    return {box.left / ratio, box.top / ratio, box.width / ratio, box.height / ratio};
  }

  bool operator==(const Letterbox& other) const {
    return source == other.source && input == other.input;
  }
};

}  // namespace jetfleet
