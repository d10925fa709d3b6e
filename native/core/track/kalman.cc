#include "core/track/kalman.h"

#include <algorithm>
#include <utility>

namespace jetfleet {
namespace {

// Standard deviations as published with DeepSORT and ByteTrack: relative to the height of the box,
// but absolute for the aspect ratio.
constexpr double kPosition = 1.0 / 20;
constexpr double kVelocity = 1.0 / 160;
constexpr double kAspect = 1e-2;
constexpr double kAspectVelocity = 1e-5;
constexpr double kAspectMeasured = 1e-1;

struct Measured {
  double x;
  double y;
  double aspect;
  double height;

  explicit Measured(const Box& box)
      : x(box.left + box.width / 2.0),
        y(box.top + box.height / 2.0),
        aspect(box.height > 0 ? static_cast<double>(box.width) / box.height : 0),
        height(box.height) {}
};

}  // namespace

BoxFilter::Axis BoxFilter::Axis::Start(double value, double value_std, double velocity_std) {
  return {value, 0, value_std * value_std, 0, velocity_std * velocity_std};
}

void BoxFilter::Axis::Predict(double seconds, double interval, double value_std,
                              double velocity_std) {
  const double steps = seconds / interval;
  const double q_value = value_std * value_std;
  const double q_velocity = velocity_std * velocity_std;
  // What the velocity's noise of earlier frames adds up to; none within one.
  const double linear = std::max(steps * (steps - 1) / 2, 0.0);
  const double square = linear * (2 * steps - 1) / 3;
  value += seconds * velocity;
  p_value += 2 * seconds * p_cross + seconds * seconds * p_velocity + steps * q_value +
             square * q_velocity;
  p_cross += seconds * p_velocity + linear * q_velocity / interval;
  p_velocity += steps * q_velocity / (interval * interval);
}

void BoxFilter::Axis::Update(double measured, double measured_std) {
  const double innovation = measured - value;
  const double innovation_variance = p_value + measured_std * measured_std;
  if (innovation_variance <= 0) return;  // a box without height says nothing
  const double gain_value = p_value / innovation_variance;
  const double gain_velocity = p_cross / innovation_variance;
  value += gain_value * innovation;
  velocity += gain_velocity * innovation;
  p_velocity -= gain_velocity * p_cross;
  p_cross -= gain_value * p_cross;
  p_value -= gain_value * p_value;
}

BoxFilter::BoxFilter(const Box& box) {
  const Measured z(box);
  const double position = 2 * kPosition * z.height;
  const double velocity = 10 * kVelocity * z.height;
  x_ = Axis::Start(z.x, position, velocity);
  y_ = Axis::Start(z.y, position, velocity);
  aspect_ = Axis::Start(z.aspect, kAspect, kAspectVelocity);
  height_ = Axis::Start(z.height, position, velocity);
}

void BoxFilter::Predict(double seconds, double interval) {
  const double position = kPosition * height_.value;
  const double velocity = kVelocity * height_.value;
  if (std::exchange(fresh_, false)) {
    for (Axis* axis : {&x_, &y_, &aspect_, &height_}) axis->p_velocity /= interval * interval;
  }
  x_.Predict(seconds, interval, position, velocity);
  y_.Predict(seconds, interval, position, velocity);
  aspect_.Predict(seconds, interval, kAspect, kAspectVelocity);
  height_.Predict(seconds, interval, position, velocity);
}

void BoxFilter::Update(const Box& box) {
  const Measured z(box);
  const double position = kPosition * height_.value;
  x_.Update(z.x, position);
  y_.Update(z.y, position);
  aspect_.Update(z.aspect, kAspectMeasured);
  height_.Update(z.height, position);
}

Box BoxFilter::box() const {
  const double height = height_.value;
  const double width = aspect_.value * height;
  return {static_cast<float>(x_.value - width / 2), static_cast<float>(y_.value - height / 2),
          static_cast<float>(width), static_cast<float>(height)};
}

}  // namespace jetfleet
