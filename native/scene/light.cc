#include "light.h"

namespace jetfleet::scene {

Light LightAt(uint64_t seed, double seconds) {
  Light light;
  light.sun_step = static_cast<int64_t>(std::floor(seconds / kSunStepSeconds));
  const double stepped = static_cast<double>(light.sun_step) * kSunStepSeconds;
  // Every seed begins between early morning and afternoon, so that a first look is not at the dark.
  const double start = 0.02 + 0.4 * HashUniform(seed, 0x11);
  const auto height_at = [&](double s) {
    const double phase = start + s / kDaySeconds;
    return static_cast<float>(0.62 * std::sin(2 * 3.141592653589793 * phase) + 0.3);
  };
  const float height = height_at(seconds);
  const float cloud = Smoothstep(0.45f, 0.85f,
                                 0.7f * ValueNoise(Mix(seed, 0x12), seconds / 23) +
                                     0.3f * ValueNoise(Mix(seed, 0x13), seconds / 7));
  const float day = Smoothstep(-0.12f, 0.35f, height);
  const float low_sun = 1 - Smoothstep(0.1f, 0.6f, height);
  light.night = 1 - Smoothstep(0.0f, 0.2f, height);

  const Rgb clear{0.50f, 0.54f, 0.62f}, overcast{0.62f, 0.65f, 0.68f}, dark{0.17f, 0.19f, 0.27f};
  light.ambient = Lerp(dark, Lerp(clear, overcast, cloud), day);
  const Rgb white{0.98f, 0.94f, 0.86f}, warm{1.05f, 0.80f, 0.55f};
  light.sun = Lerp(white, warm, low_sun) * (Smoothstep(0.02f, 0.3f, height) * (1 - 0.9f * cloud));
  light.lamp = Rgb{0.85f, 0.70f, 0.48f} * light.night;
  light.noise = Lerp(1.3f, 3.0f, light.night);

  const float elevation = std::clamp(height_at(stepped), 0.12f, 0.9f) * 1.2f;
  const float azimuth =
      2 * kPi * HashUniform(seed, 0x14) + static_cast<float>(stepped / kDaySeconds) * 2 * kPi;
  light.to_sun = {std::cos(elevation) * std::sin(azimuth), std::sin(elevation),
                  std::cos(elevation) * std::cos(azimuth)};
  return light;
}

}  // namespace jetfleet::scene
