#include "canvas.h"

#include <cstring>

namespace jetfleet::scene {
namespace {

// Coverage is exact across a row and sampled at four heights within it.
constexpr int kSubRows = 4;
constexpr float kNothing = 1e9f;

uint8_t ToByte(float x) { return static_cast<uint8_t>(Clamp01(x) * 255.0f + 0.5f); }

}  // namespace

void Silhouette::Reset(int l, int t, int w, int h) {
  left = l;
  top = t;
  width = std::max(0, w);
  height = std::max(0, h);
  covered.assign(static_cast<size_t>(width) * height, 0);
}

void Canvas::SetTargets(Picture* picture, uint8_t* alpha, Silhouette* silhouette) {
  picture_ = picture;
  alpha_ = alpha;
  silhouette_ = silhouette;
  clip_left_ = clip_top_ = 0;
  clip_right_ = width_;
  clip_bottom_ = height_;
  if (silhouette == nullptr) return;
  clip_left_ = std::min(clip_left_, silhouette->left);
  clip_top_ = std::min(clip_top_, silhouette->top);
  clip_right_ = std::max(clip_right_, silhouette->left + silhouette->width);
  clip_bottom_ = std::max(clip_bottom_, silhouette->top + silhouette->height);
}

void Canvas::Polygon(const Vec2* points, int count, const Paint& paint) {
  float top = kNothing, bottom = -kNothing;
  for (int i = 0; i < count; ++i) {
    top = std::min(top, points[i].y);
    bottom = std::max(bottom, points[i].y);
  }
  const int y0 = static_cast<int>(std::floor(std::max(top, static_cast<float>(clip_top_))));
  const int y1 = static_cast<int>(std::ceil(std::min(bottom, static_cast<float>(clip_bottom_))));
  if (y1 <= y0) return;
  const int sub_rows = (y1 - y0) * kSubRows;
  left_.assign(sub_rows, kNothing);
  right_.assign(sub_rows, -kNothing);
  for (int i = 0; i < count; ++i) {
    Vec2 a = points[i], b = points[(i + 1) % count];
    if (a.y > b.y) std::swap(a, b);
    const float first = (a.y - static_cast<float>(y0)) * kSubRows - 0.5f;
    const float last = (b.y - static_cast<float>(y0)) * kSubRows - 0.5f;
    const int s0 = std::max(0, static_cast<int>(std::ceil(first)));
    const int s1 = std::min(sub_rows - 1, static_cast<int>(std::ceil(last)) - 1);
    if (s1 < s0) continue;
    const float slope = (b.x - a.x) / (last - first);
    float x = a.x + (static_cast<float>(s0) - first) * slope;
    for (int s = s0; s <= s1; ++s, x += slope) {
      left_[s] = std::min(left_[s], x);
      right_[s] = std::max(right_[s], x);
    }
  }
  const float scale = 1.0f / std::max(1e-3f, bottom - top);
  for (int y = y0; y < y1; ++y) {
    const Rgb c =
        Lerp(paint.top, paint.bottom, Clamp01((static_cast<float>(y) + 0.5f - top) * scale));
    const uint8_t color[3] = {ToByte(c.r), ToByte(c.g), ToByte(c.b)};
    const int s = (y - y0) * kSubRows;
    Row(y, &left_[s], &right_[s], color, paint.opacity);
  }
}

void Canvas::Row(int y, const float* left, const float* right, const uint8_t color[3],
                 float opacity) {
  float outer_left = kNothing, outer_right = -kNothing, inner_left = -kNothing,
        inner_right = kNothing;
  for (int s = 0; s < kSubRows; ++s) {
    inner_left = std::max(inner_left, left[s]);
    inner_right = std::min(inner_right, right[s]);
    if (left[s] > right[s]) continue;
    outer_left = std::min(outer_left, left[s]);
    outer_right = std::max(outer_right, right[s]);
  }
  const auto lo = static_cast<float>(clip_left_), hi = static_cast<float>(clip_right_);
  outer_left = std::max(outer_left, lo);
  outer_right = std::min(outer_right, hi);
  if (outer_right <= outer_left) return;
  const int x0 = static_cast<int>(std::floor(outer_left));
  const int x1 = static_cast<int>(std::ceil(outer_right));
  int full0 = x1, full1 = x1;
  if (inner_right > inner_left) {
    full0 = std::max(x0, static_cast<int>(std::ceil(std::max(inner_left, lo))));
    full1 = std::min(x1, static_cast<int>(std::floor(std::min(inner_right, hi))));
    if (full1 <= full0) full0 = full1 = x1;
  }
  const auto edge = [&](int from, int to) {
    for (int x = from; x < to; ++x) {
      float coverage = 0;
      for (int s = 0; s < kSubRows; ++s) {
        const auto fx = static_cast<float>(x);
        coverage += std::max(0.0f, std::min(right[s], fx + 1) - std::max(left[s], fx));
      }
      const int c = static_cast<int>(coverage * (opacity * 256.0f / kSubRows) + 0.5f);
      if (c > 0) Span(y, x, x + 1, color, c);
    }
  };
  edge(x0, full0);
  if (full1 > full0) Span(y, full0, full1, color, static_cast<int>(opacity * 256.0f + 0.5f));
  edge(full1, x1);
}

void Canvas::Span(int y, int x0, int x1, const uint8_t color[3], int coverage) {
  if (silhouette_ != nullptr && coverage >= 128) {
    const int row = y - silhouette_->top;
    const int a = std::max(x0 - silhouette_->left, 0);
    const int b = std::min(x1 - silhouette_->left, silhouette_->width);
    if (row >= 0 && row < silhouette_->height && b > a) {
      std::memset(&silhouette_->covered[static_cast<size_t>(row) * silhouette_->width + a], 1,
                  b - a);
    }
  }
  if (y < 0 || y >= height_) return;
  x0 = std::max(x0, 0);
  x1 = std::min(x1, width_);
  if (x1 <= x0) return;
  const size_t at = static_cast<size_t>(y) * width_;
  if (alpha_ != nullptr) {
    for (int x = x0; x < x1; ++x) {
      const int a = alpha_[at + x];
      alpha_[at + x] = static_cast<uint8_t>(a + (((255 - a) * coverage) >> 8));
    }
  }
  if (picture_ == nullptr) return;
  for (int c = 0; c < 3; ++c) {
    uint8_t* p = &picture_->plane[c][at];
    if (coverage >= 256) {
      std::memset(p + x0, color[c], x1 - x0);
      continue;
    }
    for (int x = x0; x < x1; ++x) {
      p[x] = static_cast<uint8_t>((p[x] * (256 - coverage) + color[c] * coverage) >> 8);
    }
  }
}

void Canvas::Ellipse(Vec2 center, float rx, float ry, const Paint& paint) {
  const int count = std::clamp(static_cast<int>(8 + std::max(rx, ry) * 0.5f), 8, 40);
  Vec2 points[40];
  for (int i = 0; i < count; ++i) {
    const float a = 2 * kPi * static_cast<float>(i) / static_cast<float>(count);
    points[i] = {center.x + rx * std::cos(a), center.y + ry * std::sin(a)};
  }
  Polygon(points, count, paint);
}

void Canvas::Capsule(Vec2 a, float r0, Vec2 b, float r1, const Paint& paint) {
  const float dx = b.x - a.x, dy = b.y - a.y;
  const float length = std::sqrt(dx * dx + dy * dy);
  if (length <= std::fabs(r0 - r1) + 1e-3f) {
    const bool first = r0 >= r1;
    return Ellipse(first ? a : b, std::max(r0, r1), std::max(r0, r1), paint);
  }
  // The common tangents touch both circles at ± `spread` from the axis.
  const float axis = std::atan2(dy, dx);
  const float spread = std::acos((r0 - r1) / length);
  const int steps = std::clamp(static_cast<int>(3 + std::max(r0, r1) * 0.5f), 3, 10);
  Vec2 points[22];
  int count = 0;
  const auto arc = [&](Vec2 center, float radius, float from, float to) {
    for (int i = 0; i <= steps; ++i) {
      const float t = from + (to - from) * static_cast<float>(i) / static_cast<float>(steps);
      points[count++] = {center.x + radius * std::cos(t), center.y + radius * std::sin(t)};
    }
  };
  arc(b, r1, axis - spread, axis + spread);
  arc(a, r0, axis + spread, axis + 2 * kPi - spread);
  Polygon(points, count, paint);
}

}  // namespace jetfleet::scene
