#include "core/analytics/line_pass.h"

#include <cmath>
#include <utility>

namespace jetfleet {

int LinePass::Move(const Line& line, double margin, const Point& to) {
  if (at_) through_ += line.Crossing(*at_, to);
  at_ = to;
  const double distance = line.Distance(to);
  if (std::abs(distance) < margin) return 0;
  const int side = distance >= 0 ? 1 : -1;
  const int before = std::exchange(side_, side);
  const int through = std::exchange(through_, 0);
  return before == -side && through * side > 0 ? side : 0;
}

}  // namespace jetfleet
