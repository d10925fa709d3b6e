#include "core/track/axis.h"

#include <algorithm>
#include <utility>

namespace jetfleet {

void Axis::Predict(double seconds, double interval, double value_variance,
                   double velocity_variance) {
  if (std::exchange(fresh_, false)) p_velocity_ /= interval * interval;
  const double steps = seconds / interval;
  // What the velocity's noise of earlier frames adds up to; none within one.
  const double linear = std::max(steps * (steps - 1) / 2, 0.0);
  const double square = linear * (2 * steps - 1) / 3;
  value_ += seconds * velocity_;
  p_value_ += 2 * seconds * p_cross_ + seconds * seconds * p_velocity_ + steps * value_variance +
              square * velocity_variance;
  p_cross_ += seconds * p_velocity_ + linear * velocity_variance / interval;
  p_velocity_ += steps * velocity_variance / (interval * interval);
}

void Axis::Update(double measured, double measured_variance) {
  const double innovation = measured - value_;
  const double innovation_variance = p_value_ + measured_variance;
  if (innovation_variance <= 0) return;  // a box without height says nothing
  const double gain_value = p_value_ / innovation_variance;
  const double gain_velocity = p_cross_ / innovation_variance;
  value_ += gain_value * innovation;
  velocity_ += gain_velocity * innovation;
  p_velocity_ -= gain_velocity * p_cross_;
  p_cross_ -= gain_value * p_cross_;
  p_value_ -= gain_value * p_value_;
}

}  // namespace jetfleet
