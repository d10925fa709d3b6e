#pragma once

#include <optional>

#include "core/geometry.h"
#include "core/track/axis.h"

namespace jetfleet {

/// Kalman filter of SORT (Bewley et al., ICIP 2016): centre x, centre y and area move at constant
/// velocity, the aspect ratio (width / height) stays. Noises in pixels, as published.
class AreaFilter {
 public:
  explicit AreaFilter(const Box& box);

  /// Moves on by `seconds`, where `interval` usually lies between two frames.
  void Predict(double seconds, double interval);
  void Update(const Box& box);

  /// None once the object would have no area.
  std::optional<Box> box() const;

 private:
  Axis x_;
  Axis y_;
  Axis area_;
  Axis aspect_;
};

}  // namespace jetfleet
