#pragma once

#include <algorithm>
#include <cmath>

namespace jetfleet {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size& other) const {
    return width == other.width && height == other.height;
  }
};

/// Part of a picture, in whole pixels.
struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  bool operator==(const Rect& other) const {
    return x == other.x && y == other.y && width == other.width && height == other.height;
  }
};

/// In pixels of the picture as it is shown: upright and with square pixels. Never clipped: a box
/// may reach over the picture's edge, because the tracker's motion model and a comparison with the
/// truth need the whole extent. Who draws, clips.
struct Box {
  float left = 0;
  float top = 0;
  float width = 0;
  float height = 0;

  float right() const { return left + width; }
  float bottom() const { return top + height; }
  float area() const { return width * height; }
  double centre_x() const { return left + width / 2.0; }
  double centre_y() const { return top + height / 2.0; }
  bool is_finite() const { return std::isfinite(left + top + width + height); }
  /// Width / height; 0 without height.
  double aspect() const { return height > 0 ? static_cast<double>(width) / height : 0; }
};

/// Area that both cover; 0 where they do not meet.
inline float Intersection(const Box& a, const Box& b) {
  const float width = std::min(a.right(), b.right()) - std::max(a.left, b.left);
  const float height = std::min(a.bottom(), b.bottom()) - std::max(a.top, b.top);
  return width <= 0 || height <= 0 ? 0 : width * height;
}
/// Intersection over union of continuous areas (no "+1 pixel"); 0 for empty boxes.
inline float Iou(const Box& a, const Box& b) {
  const float intersection = Intersection(a, b);
  if (intersection == 0) return 0;
  return intersection / (a.area() + b.area() - intersection);
}

struct Detection {
  Box box;
  float score = 0;
  int label = 0;
};

struct Track {
  Detection detection;
  int id = 0;
};

}  // namespace jetfleet
