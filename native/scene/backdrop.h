// What never moves: ground, buildings, sky. Drawn once per seed; only the light on it changes.
#pragma once

#include <vector>

#include "canvas.h"
#include "furniture.h"
#include "light.h"
#include "street.h"

namespace jetfleet::scene {

class Backdrop {
 public:
  Backdrop(const Street& street, uint64_t seed);

  /// Brings the map of what the sun reaches up to date; costs milliseconds when the sun's step has
  /// changed.
  void Follow(const Light& light, const std::vector<Item>& furniture);

  /// Writes the backdrop under this light into `out`, darkened where `shadow` (coverage) says so.
  void Paint(const Light& light, const std::vector<uint8_t>& shadow, Picture& out) const;

  /// How much of the sun and of the lamps reaches the ground at a picture position (clamped to the
  /// picture).
  float SunlitAt(Vec2 p) const;
  float LamplitAt(Vec2 p) const;

 private:
  float RoofAt(float u) const;
  Rgb GroundColor(float u, float v, float metres_per_pixel) const;
  Rgb FacadeColor(float u, float h, float metres_per_pixel, float* glow) const;
  Rgb SkyColor(float x, float y) const;
  Rgb Sample(float x, float y, float* lamp) const;
  size_t Index(Vec2 p) const;

  Street street_;
  uint32_t key_;
  Picture albedo_;
  std::vector<uint8_t> sunlit_, lamplit_;
  int64_t sun_step_ = INT64_MIN;
};

}  // namespace jetfleet::scene
