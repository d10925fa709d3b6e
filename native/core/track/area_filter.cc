#include "core/track/area_filter.h"

#include <cmath>

namespace jetfleet {
namespace {

// Variances. How fast an object moves that was seen once is not known at all.
constexpr double kStart = 10;
constexpr double kStartVelocity = 1e4;
constexpr double kValue = 1;
constexpr double kVelocity = 0.01;
constexpr double kAreaVelocity = 1e-4;
constexpr double kMeasuredCentre = 1;
constexpr double kMeasuredShape = 10;

double Area(const Box& box) { return static_cast<double>(box.width) * box.height; }

}  // namespace

AreaFilter::AreaFilter(const Box& box)
    : x_(box.centre_x(), kStart, kStartVelocity),
      y_(box.centre_y(), kStart, kStartVelocity),
      area_(Area(box), kStart, kStartVelocity),
      aspect_(box.aspect(), kStart, 0) {}

void AreaFilter::Predict(double seconds, double interval) {
  if (area_.value() + seconds * area_.velocity() <= 0) area_.Stop();
  x_.Predict(seconds, interval, kValue, kVelocity);
  y_.Predict(seconds, interval, kValue, kVelocity);
  area_.Predict(seconds, interval, kValue, kAreaVelocity);
  aspect_.Predict(seconds, interval, kValue, 0);
}

void AreaFilter::Update(const Box& box) {
  x_.Update(box.centre_x(), kMeasuredCentre);
  y_.Update(box.centre_y(), kMeasuredCentre);
  area_.Update(Area(box), kMeasuredShape);
  aspect_.Update(box.aspect(), kMeasuredShape);
}

std::optional<Box> AreaFilter::box() const {
  const double square = area_.value() * aspect_.value();
  if (!(area_.value() > 0) || !(square > 0)) return std::nullopt;
  const double width = std::sqrt(square);
  const double height = area_.value() / width;
  return Box{static_cast<float>(x_.value() - width / 2),
             static_cast<float>(y_.value() - height / 2), static_cast<float>(width),
             static_cast<float>(height)};
}

}  // namespace jetfleet
