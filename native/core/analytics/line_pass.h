#pragma once

#include <optional>

#include "core/analytics/shapes.h"

namespace jetfleet {

/// One object's way over one line.
///
/// An object is on a side once it is farther than the margin from the line. It has crossed when it
/// has come from one side to the other and its way between the two went through the line, not round
/// an end; however often it went to and fro within the margin. Where an object is seen first within
/// the margin, nobody knows where it came from, and its first side counts as no crossing.
class LinePass {
 public:
  /// The next point of its way. 1: it has crossed to the right, -1 to the left, 0: it has not.
  int Move(const Line& line, double margin, const Point& to);

 private:
  std::optional<Point> at_;
  /// 1: right, -1: left, 0: not known yet.
  int side_ = 0;
  /// Crossings to the right less those to the left since it was on a side.
  int through_ = 0;
};

}  // namespace jetfleet
