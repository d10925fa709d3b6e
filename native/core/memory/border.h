#pragma once

#include <array>

#include "core/geometry.h"

namespace jetfleet {

/// What lies around a picture in a slot of a model's input: one value in each plane.
struct Border {
  Rect inside;
  std::array<float, 3> values{};

  bool operator==(const Border& other) const {
    return inside == other.inside && values == other.values;
  }
};

}  // namespace jetfleet
