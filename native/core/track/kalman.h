#pragma once

#include "core/geometry.h"

namespace jetfleet {

/// Constant-velocity Kalman filter over centre x, centre y, aspect ratio (width / height) and
/// height, as in SORT's family. Transition, observation and all noises of that eight-dimensional
/// filter keep the four coordinates apart, so it is exactly four filters of two dimensions (value,
/// velocity per second).
class BoxFilter {
 public:
  explicit BoxFilter(const Box& box);

  /// Moves on by `seconds`. The noises are published for one frame to the next, so they go with
  /// `interval`, the seconds that usually lie between two: over n intervals, all is as after n
  /// predictions of one.
  void Predict(double seconds, double interval);
  void Update(const Box& box);
  /// A lost object is not assumed to go on growing or shrinking.
  void StopGrowing() { height_.velocity = 0; }

  Box box() const;

 private:
  /// Value and velocity with their covariance.
  struct Axis {
    double value = 0;
    double velocity = 0;
    double p_value = 0;
    double p_cross = 0;
    double p_velocity = 0;

    static Axis Start(double value, double value_std, double velocity_std);
    void Predict(double seconds, double interval, double value_std, double velocity_std);
    void Update(double measured, double measured_std);
  };

  /// Nothing was predicted yet: the velocities' variances still are per frame.
  bool fresh_ = true;
  Axis x_;
  Axis y_;
  Axis aspect_;
  Axis height_;
};

}  // namespace jetfleet
