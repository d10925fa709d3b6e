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

constexpr double Square(double value) { return value * value; }

Axis Start(double value, double height) {
  return {value, Square(2 * kPosition * height), Square(10 * kVelocity * height)};
}

}  // namespace

BoxFilter::BoxFilter(const Box& box, double doubt)
    : doubt_(doubt),
      x_(Start(box.centre_x(), box.height)),
      y_(Start(box.centre_y(), box.height)),
      aspect_(box.aspect(), Square(kAspect), Square(kAspectVelocity)),
      height_(Start(box.height, box.height)) {}

void BoxFilter::Predict(double seconds, double interval) {
  const double position = Square(kPosition * height_.value());
  const double velocity = Square(kVelocity * height_.value());
  x_.Predict(seconds, interval, position, velocity);
  y_.Predict(seconds, interval, position, velocity);
  aspect_.Predict(seconds, interval, Square(kAspect), Square(kAspectVelocity));
  height_.Predict(seconds, interval, position, velocity);
}

void BoxFilter::Update(const Box& box) {
  const double position = Square(doubt_ * kPosition * height_.value());
  x_.Update(box.centre_x(), position);
  y_.Update(box.centre_y(), position);
  aspect_.Update(box.aspect(), Square(doubt_ * kAspectMeasured));
  height_.Update(box.height, position);
}

Box BoxFilter::box() const {
  const double height = height_.value();
  const double width = aspect_.value() * height;
  return {static_cast<float>(x_.value() - width / 2), static_cast<float>(y_.value() - height / 2),
          static_cast<float>(width), static_cast<float>(height)};
}

}  // namespace jetfleet
