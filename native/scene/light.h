// The light of a moment: a day of ten minutes, clouds, street lamps at night.
#pragma once

#include "math.h"

namespace jetfleet::scene {

constexpr double kDaySeconds = 600;
/// Shadows of standing things are drawn again once per step, so the sun jumps by a fraction of a
/// degree.
constexpr double kSunStepSeconds = 10;

struct Light {
  Rgb ambient, sun, lamp;
  /// Towards the sun, in street coordinates (x along the street, y up, z across it).
  Vec3 to_sun;
  /// Counts steps of the sun since the first frame; the same number means the same shadows.
  int64_t sun_step = 0;
  /// 0 by day, 1 at night: lamps, headlights, lit windows.
  float night = 0;
  /// Standard deviation of the picture's noise in 8-bit steps.
  float noise = 1;
};

Light LightAt(uint64_t seed, double seconds);

}  // namespace jetfleet::scene
