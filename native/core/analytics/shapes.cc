#include "core/analytics/shapes.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace jetfleet {
namespace {

double Length(double dx, double dy) { return std::sqrt(dx * dx + dy * dy); }

double DistanceToSide(const Point& point, const Point& a, const Point& b) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double square = dx * dx + dy * dy;
  const double share =
      square > 0 ? std::clamp(((point.x - a.x) * dx + (point.y - a.y) * dy) / square, 0.0, 1.0) : 0;
  return Length(point.x - a.x - share * dx, point.y - a.y - share * dy);
}

}  // namespace

Point AnchorOf(const Box& box, const Size& picture) {
  return {box.centre_x() / picture.height,
          (static_cast<double>(box.top) + box.height) / picture.height};
}

Point PointOf(const PicturePoint& point, const Size& picture) {
  return {point.x * picture.width / picture.height, point.y};
}

Line::Line(const Point& from, const Point& to)
    : from_(from), length_(Length(to.x - from.x, to.y - from.y)) {
  if (length_ > 0) along_ = {(to.x - from.x) / length_, (to.y - from.y) / length_};
}

double Line::Distance(const Point& point) const {
  // y grows downwards, so the right hand is where the cross product is positive.
  return along_.x * (point.y - from_.y) - along_.y * (point.x - from_.x);
}

int Line::Crossing(const Point& a, const Point& b) const {
  const double before = Distance(a);
  const double after = Distance(b);
  if ((before >= 0) == (after >= 0)) return 0;
  const double share = before / (before - after);
  const Point at{a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)};
  const double walked = (at.x - from_.x) * along_.x + (at.y - from_.y) * along_.y;
  if (walked < 0 || walked > length_) return 0;
  return after >= 0 ? 1 : -1;
}

bool Polygon::Contains(const Point& point) const {
  bool inside = false;
  for (std::size_t i = 0, before = corners_.size() - 1; i < corners_.size(); before = i++) {
    const Point& a = corners_[i];
    const Point& b = corners_[before];
    if ((a.y > point.y) == (b.y > point.y)) continue;
    if (point.x < a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x)) inside = !inside;
  }
  return inside;
}

double Polygon::Distance(const Point& point) const {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0, before = corners_.size() - 1; i < corners_.size(); before = i++) {
    least = std::min(least, DistanceToSide(point, corners_[before], corners_[i]));
  }
  return least;
}

}  // namespace jetfleet
