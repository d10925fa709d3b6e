#pragma once

namespace jetfleet {

/// Kalman filter of one coordinate of a box that moves at constant velocity. The filters of the
/// published trackers keep their coordinates apart, so each is some of these. Their noises are
/// given for one frame to the next; here time is in seconds, and the noises go with `interval`, the
/// seconds that usually lie between two frames: over n intervals, all is as after n predictions of
/// one.
class Axis {
 public:
  /// Variances; the velocity's for a velocity per frame.
  Axis(double value, double value_variance, double velocity_variance)
      : value_(value), p_value_(value_variance), p_velocity_(velocity_variance) {}

  /// Variances are what one frame adds, the velocity's for a velocity per frame.
  void Predict(double seconds, double interval, double value_variance, double velocity_variance);
  void Update(double measured, double measured_variance);

  double value() const { return value_; }
  /// Per second.
  double velocity() const { return velocity_; }
  void Stop() { velocity_ = 0; }

 private:
  double value_;
  double velocity_ = 0;
  double p_value_;
  double p_cross_ = 0;
  double p_velocity_;
  /// Nothing was predicted yet: the velocity's variance still is per frame.
  bool fresh_ = true;
};

}  // namespace jetfleet
