#include "core/geometry.h"

#include <algorithm>

namespace jetfleet {

float Iou(const Box& a, const Box& b) {
  const float width = std::min(a.right(), b.right()) - std::max(a.left, b.left);
  const float height = std::min(a.bottom(), b.bottom()) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const float intersection = width * height;
  return intersection / (a.area() + b.area() - intersection);
}

}  // namespace jetfleet
