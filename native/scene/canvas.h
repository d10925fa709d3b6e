// Antialiased convex polygons on planar 8-bit pictures, with an exact silhouette of each figure
// beside them.
#pragma once

#include <cstdint>
#include <vector>

#include "math.h"

namespace jetfleet::scene {

/// Three planes of width × height bytes without padding.
struct Picture {
  int width = 0, height = 0;
  std::vector<uint8_t> plane[3];
  Picture() = default;
  Picture(int w, int h) : width(w), height(h) {
    for (auto& p : plane) p.assign(static_cast<size_t>(w) * h, 0);
  }
};

/// Which pixels a figure covers by at least half, also those outside the picture.
struct Silhouette {
  int left = 0, top = 0, width = 0, height = 0;
  std::vector<uint8_t> covered;
  void Reset(int l, int t, int w, int h);
};

/// Two colours: the polygon's top edge and bottom edge, in between interpolated by row.
struct Paint {
  Rgb top, bottom;
  float opacity = 1;
  Paint(Rgb c) : top(c), bottom(c) {}  // NOLINT: a colour is a paint
  Paint(Rgb t, Rgb b, float o = 1) : top(t), bottom(b), opacity(o) {}
};

/// INVARIANT: polygons are convex; a caller with another shape splits it.
class Canvas {
 public:
  Canvas(int width, int height) : width_(width), height_(height) {}

  /// Any target may be null: then that output is not wanted.
  void SetTargets(Picture* picture, uint8_t* alpha, Silhouette* silhouette);

  void Polygon(const Vec2* points, int count, const Paint& paint);
  void Ellipse(Vec2 center, float rx, float ry, const Paint& paint);
  /// A line whose ends are circles of radius r0 and r1.
  void Capsule(Vec2 a, float r0, Vec2 b, float r1, const Paint& paint);

 private:
  void Row(int y, const float* left, const float* right, const uint8_t color[3], float opacity);
  void Span(int y, int x0, int x1, const uint8_t color[3], int coverage);

  int width_, height_;
  Picture* picture_ = nullptr;
  uint8_t* alpha_ = nullptr;
  Silhouette* silhouette_ = nullptr;
  int clip_left_ = 0, clip_right_ = 0, clip_top_ = 0, clip_bottom_ = 0;
  std::vector<float> left_, right_;
};

}  // namespace jetfleet::scene
