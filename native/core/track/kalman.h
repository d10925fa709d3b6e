#pragma once

#include "core/geometry.h"
#include "core/track/axis.h"

namespace jetfleet {

/// Constant-velocity Kalman filter over centre x, centre y, aspect ratio (width / height) and
/// height, as in ByteTrack and DeepSORT.
class BoxFilter {
 public:
  /// `doubt` multiplies the published deviation of what is measured.
  explicit BoxFilter(const Box& box, double doubt = 1);

  /// Moves on by `seconds`, where `interval` usually lies between two frames.
  void Predict(double seconds, double interval);
  void Update(const Box& box);
  /// A lost object is not assumed to go on growing or shrinking.
  void StopGrowing() { height_.Stop(); }

  Box box() const;

 private:
  double doubt_;
  Axis x_;
  Axis y_;
  Axis aspect_;
  Axis height_;
};

}  // namespace jetfleet
