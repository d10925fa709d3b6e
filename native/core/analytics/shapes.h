#pragma once

#include <vector>

#include "core/analytics/options.h"
#include "core/geometry.h"

namespace jetfleet {

/// In heights of the picture, so that a length is the same either way.
struct Point {
  double x = 0;
  double y = 0;
};

/// Where an object stands: the middle of its box's lower edge.
Point AnchorOf(const Box& box, const Size& picture);
Point PointOf(const PicturePoint& point, const Size& picture);

/// A line from one point to another. Its right is the right hand of who walks it, as the picture
/// shows it.
class Line {
 public:
  Line(const Point& from, const Point& to);

  /// From the line without ends: positive to its right, negative to its left.
  double Distance(const Point& point) const;
  /// Of the straight way from `a` to `b` through the line between its ends: 1 from left to right,
  /// -1 from right to left, 0 where it does not. A point on the line counts as to its right, so
  /// that ways that follow each other are counted once.
  int Crossing(const Point& a, const Point& b) const;

 private:
  Point from_;
  /// Of length 1.
  Point along_;
  double length_;
};

class Polygon {
 public:
  explicit Polygon(std::vector<Point> corners) : corners_(std::move(corners)) {}

  bool Contains(const Point& point) const;
  /// Of its border.
  double Distance(const Point& point) const;

 private:
  std::vector<Point> corners_;
};

}  // namespace jetfleet
