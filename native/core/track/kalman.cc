#include "core/track/kalman.h"

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

void BoxFilter::Axis::Predict(double value_std, double velocity_std) {
  value += velocity;
  p_value += 2 * p_cross + p_velocity + value_std * value_std;
  p_cross += p_velocity;
  p_velocity += velocity_std * velocity_std;
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

void BoxFilter::Predict() {
  const double position = kPosition * height_.value;
  const double velocity = kVelocity * height_.value;
  x_.Predict(position, velocity);
  y_.Predict(position, velocity);
  aspect_.Predict(kAspect, kAspectVelocity);
  height_.Predict(position, velocity);
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
