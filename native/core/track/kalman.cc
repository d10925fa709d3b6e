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

constexpr double Square(double value) { return value * value; }

Axis Start(double value, double height) {
  return {value, Square(2 * kPosition * height), Square(10 * kVelocity * height)};
}

}  // namespace

BoxFilter::BoxFilter(const Box& box, double doubt)
    : doubt_(doubt),
      x_(Start(Measured(box).x, box.height)),
      y_(Start(Measured(box).y, box.height)),
      aspect_(Measured(box).aspect, Square(kAspect), Square(kAspectVelocity)),
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
  const Measured z(box);
  const double position = Square(doubt_ * kPosition * height_.value());
  x_.Update(z.x, position);
  y_.Update(z.y, position);
  aspect_.Update(z.aspect, Square(doubt_ * kAspectMeasured));
  height_.Update(z.height, position);
}

Box BoxFilter::box() const {
  const double height = height_.value();
  const double width = aspect_.value() * height;
  return {static_cast<float>(x_.value() - width / 2), static_cast<float>(y_.value() - height / 2),
          static_cast<float>(width), static_cast<float>(height)};
}

}  // namespace jetfleet
