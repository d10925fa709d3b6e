#include "core/geometry.h"

#include <algorithm>

namespace jetfleet {

float Intersection(const Box& a, const Box& b) {
  const float width = std::min(a.right(), b.right()) - std::max(a.left, b.left);
  const float height = std::min(a.bottom(), b.bottom()) - std::max(a.top, b.top);
  return width <= 0 || height <= 0 ? 0 : width * height;
}

float Iou(const Box& a, const Box& b) {
  const float intersection = Intersection(a, b);
  if (intersection == 0) return 0;
  return intersection / (a.area() + b.area() - intersection);
}

}  // namespace jetfleet
