#include "backdrop.h"

#include "vectorize.h"

namespace jetfleet::scene {
namespace {

constexpr float kHouseWidth = 10.5f, kStorey = 3.1f, kSkySunlit = 0.55f;

uint8_t ToByte(float x) { return static_cast<uint8_t>(Clamp01(x) * 255 + 0.5f); }

/// Lines on a grid of `pitch`: 1 on a line, fading out where the line is thinner than a pixel.
float GridLine(float x, float pitch, float line, float metres_per_pixel) {
  const float at = std::fabs(x / pitch - std::floor(x / pitch + 0.5f)) * pitch;
  const float width = std::max(line, metres_per_pixel * 0.5f);
  return (at < width ? 1.0f : 0.0f) * std::min(1.0f, line / width);
}

/// Picture light = albedo × (ambient + sun × sunlit + lamp × lamplit), gains in 1/128.
JETFLEET_VECTORIZE
void LightRow(const uint8_t* albedo, const uint8_t* sunlit, const uint8_t* shadow,
              const uint8_t* lamplit, int count, uint16_t ambient, uint16_t sun, uint16_t lamp,
              uint8_t* out) {
  for (int i = 0; i < count; ++i) {
    const auto open = static_cast<uint8_t>(255 - shadow[i]);
    const uint16_t lit = sunlit[i] < open ? sunlit[i] : open;
    const auto gain = static_cast<uint16_t>(
        ambient + static_cast<uint16_t>(static_cast<uint16_t>(sun * lit) >> 8) +
        static_cast<uint16_t>(static_cast<uint16_t>(lamp * lamplit[i]) >> 8));
    const uint16_t limited = gain < 257 ? gain : 257;
    const auto value = static_cast<uint16_t>(static_cast<uint16_t>(albedo[i] * limited) >> 7);
    out[i] = static_cast<uint8_t>(value < 255 ? value : 255);
  }
}

uint16_t Gain(float x) { return static_cast<uint16_t>(std::clamp(x, 0.0f, 2.0f) * 128); }

}  // namespace

Backdrop::Backdrop(const Street& street, uint64_t seed)
    : street_(street),
      key_(static_cast<uint32_t>(Mix(seed, 0x81))),
      albedo_(street.view.width, street.view.picture_height) {
  const int width = albedo_.width, height = albedo_.height;
  sunlit_.assign(albedo_.plane[0].size(), 255);
  lamplit_.assign(albedo_.plane[0].size(), 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      Rgb sum;
      float lamp = 0;
      for (int k = 0; k < 4; ++k) {
        float l = 0;
        sum = sum + Sample(static_cast<float>(x) + 0.25f + 0.5f * static_cast<float>(k & 1),
                           static_cast<float>(y) + 0.25f + 0.5f * static_cast<float>(k >> 1), &l);
        lamp += l;
      }
      const size_t i = static_cast<size_t>(y) * width + x;
      albedo_.plane[0][i] = ToByte(sum.r * 0.25f);
      albedo_.plane[1][i] = ToByte(sum.g * 0.25f);
      albedo_.plane[2][i] = ToByte(sum.b * 0.25f);
      lamplit_[i] = ToByte(lamp * 0.25f);
    }
  }
}

Rgb Backdrop::Sample(float x, float y, float* lamp) const {
  const View& view = street_.view;
  const float down = (y - view.horizon_y) / view.focal, aside = (x - view.center_x) / view.focal;
  // The ray (aside, −down, 1) from (0, camera height, 0), in street coordinates.
  const float du = aside * view.cos_turn + view.sin_turn,
              dv = view.cos_turn - aside * view.sin_turn;
  const float to_ground = down > 1e-4f ? view.height / down : 1e9f;
  const float to_wall = dv > 1e-4f ? street_.building_v / dv : 1e9f;
  if (to_wall < to_ground) {
    const float h = view.height - down * to_wall, u = du * to_wall;
    if (h <= RoofAt(u) && to_wall < 400) return FacadeColor(u, h, to_wall / view.focal, lamp);
    return SkyColor(x, y);
  }
  if (to_ground > 400) return SkyColor(x, y);
  const float u = du * to_ground, v = dv * to_ground;
  const float pool = std::fabs(u / 14 - std::floor(u / 14 + 0.5f)) * 14;
  const float across =
      std::min(std::fabs(v - street_.near_furniture_v), std::fabs(v - street_.far_furniture_v));
  *lamp = 0.25f + 0.75f * std::exp(-(pool * pool + across * across) * 0.03f);
  return GroundColor(u, v, to_ground * to_ground / (view.focal * view.height));
}

float Backdrop::RoofAt(float u) const {
  const auto house = static_cast<int32_t>(std::floor(u / kHouseWidth));
  if (LatticeUniform(key_, house, 1) < 0.12f) return 3.2f;
  return 7 + 11 * LatticeUniform(key_, house, 2);
}

Rgb Backdrop::GroundColor(float u, float v, float metres_per_pixel) const {
  const float detail = 1 - Smoothstep(0.05f, 0.5f, metres_per_pixel);
  const float fine = (ValueNoise2(key_ + 1, u * 9, v * 9) - 0.5f) * detail;
  const float coarse = ValueNoise2(key_ + 2, u * 0.4f, v * 0.4f) - 0.5f;
  Ground ground = Ground::kPavement;
  for (const Strip& strip : street_.strips) {
    if (v >= strip.from_v && v < strip.to_v) ground = strip.ground;
  }
  switch (ground) {
    case Ground::kGrass: {
      return Rgb{0.24f, 0.36f, 0.14f} * (1 + 0.5f * fine + 0.4f * coarse);
    }
    case Ground::kPlaza:
    case Ground::kPavement: {
      const float pitch = ground == Ground::kPlaza ? 1.2f : 0.6f;
      const float joint = std::max(GridLine(u, pitch, 0.025f, metres_per_pixel),
                                   GridLine(v, pitch, 0.025f, metres_per_pixel));
      const float tile = LatticeUniform(key_ + 3, static_cast<int32_t>(std::floor(u / pitch)),
                                        static_cast<int32_t>(std::floor(v / pitch)));
      const Rgb warm{0.62f, 0.57f, 0.51f}, grey{0.55f, 0.55f, 0.55f};
      const Rgb base = Lerp(warm, grey, LatticeUniform(key_, 7, static_cast<int32_t>(ground)));
      return base * ((1 + 0.1f * (tile - 0.5f) * detail + 0.1f * fine + 0.16f * coarse) *
                     (1 - 0.3f * joint));
    }
    case Ground::kCurb:
      return Rgb{0.66f, 0.65f, 0.63f} * (1 + 0.1f * fine);
    case Ground::kBicycleLane:
      return Rgb{0.48f, 0.24f, 0.20f} * (1 + 0.15f * fine + 0.2f * coarse);
    case Ground::kRoad:
      break;
  }
  const float wear = ValueNoise2(key_ + 4, u * 0.12f, v * 1.5f) - 0.5f;
  const Rgb asphalt = Rgb{0.31f, 0.31f, 0.32f} * (1 + 0.25f * fine + 0.2f * coarse + 0.18f * wear);
  const Rgb white{0.82f, 0.82f, 0.80f};
  for (const float dash : street_.dashes) {
    if (std::fabs(v - dash) < 0.07f && std::fmod(std::fmod(u, 6.0f) + 6, 6.0f) < 3) return white;
  }
  if (std::fabs(u - street_.crossing_u) < 1.7f && std::fmod(v, 1.0f) < 0.5f) return white;
  return asphalt;
}

Rgb Backdrop::FacadeColor(float u, float h, float metres_per_pixel, float* glow) const {
  const float cell = std::floor(u / kHouseWidth);
  const auto house = static_cast<int32_t>(cell);
  const float roof = RoofAt(u);
  *glow = 0.3f * std::exp(-h * 0.25f);
  const float grain = (ValueNoise2(key_ + 5, u * 3, h * 3) - 0.5f) *
                      (1 - Smoothstep(0.03f, 0.3f, metres_per_pixel));
  if (roof < 4) return Rgb{0.20f, 0.32f, 0.14f} * (1 + 0.8f * grain);  // a hedge between houses
  const auto roll = [&](int n) { return LatticeUniform(key_ + 6, house, n); };
  const Rgb wall =
      Lerp(Lerp(Rgb{0.62f, 0.36f, 0.27f}, Rgb{0.76f, 0.70f, 0.58f}, roll(1)),
           Lerp(Rgb{0.55f, 0.57f, 0.60f}, Rgb{0.80f, 0.78f, 0.75f}, roll(2)), roll(3)) *
      (1 + 0.12f * grain);
  const float local = u - cell * kHouseWidth;
  if (roof - h < 0.45f || local < 0.12f) return wall * 0.75f;
  const bool shop = h < kStorey && roll(4) < 0.6f;
  const float pitch = shop ? 3.3f : Lerp(1.7f, 2.4f, roll(5));
  const float wx = local - std::floor(local / pitch) * pitch,
              wy = h - std::floor(h / kStorey) * kStorey;
  const auto column = static_cast<int32_t>(local / pitch) + house * 64;
  const auto storey = static_cast<int32_t>(h / kStorey);
  if (shop && wy > 2.5f) return Lerp(Rgb{0.7f, 0.2f, 0.15f}, Rgb{0.15f, 0.3f, 0.4f}, roll(6));
  const bool inside = shop ? (wx > 0.25f && wx < pitch - 0.25f && wy > 0.4f && wy < 2.4f)
                           : (wx > pitch * 0.25f && wx < pitch * 0.75f && wy > 0.95f && wy < 2.45f);
  if (!inside) return wall;
  const float chance = LatticeUniform(key_ + 7, column, storey);
  if (chance < 0.45f) *glow = 0.9f;
  const Rgb curtain{0.72f, 0.70f, 0.64f}, glass{0.20f, 0.25f, 0.31f};
  return Lerp(glass, curtain, chance < 0.25f ? 0.8f : 0.15f * wy);
}

Rgb Backdrop::SkyColor(float x, float y) const {
  const float s = 3.0f / static_cast<float>(albedo_.height);
  const float cloud = ValueNoise2(key_ + 8, x * s, y * s * 2) * 0.6f +
                      ValueNoise2(key_ + 9, x * s * 3, y * s * 6) * 0.4f;
  return Lerp(Rgb{0.45f, 0.58f, 0.78f}, Rgb{0.80f, 0.82f, 0.85f}, Smoothstep(0.35f, 0.75f, cloud));
}

void Backdrop::Follow(const Light& light, const std::vector<Item>& furniture) {
  if (light.sun_step == sun_step_) return;
  sun_step_ = light.sun_step;
  const View& view = street_.view;
  const Vec3 sun = light.to_sun;
  const uint8_t on_ground = ToByte(std::max(0.0f, sun.y)), on_wall = ToByte(std::max(0.0f, -sun.z)),
                on_sky = ToByte(kSkySunlit);
  std::vector<uint8_t> shade(sunlit_.size(), 0);
  Canvas canvas(view.width, view.picture_height);
  canvas.SetTargets(nullptr, shade.data(), nullptr);
  for (const Item& item : furniture) DrawItemShadow(street_, light, item, canvas);
  for (int y = 0; y < view.picture_height; ++y) {
    uint8_t* row = &sunlit_[static_cast<size_t>(y) * view.width];
    const uint8_t* hidden = &shade[static_cast<size_t>(y) * view.width];
    const float down = (static_cast<float>(y) + 0.5f - view.horizon_y) / view.focal;
    const float to_ground = down > 1e-4f ? view.height / down : 1e9f;
    for (int x = 0; x < view.width; ++x) {
      const float aside = (static_cast<float>(x) + 0.5f - view.center_x) / view.focal;
      const float du = aside * view.cos_turn + view.sin_turn,
                  dv = view.cos_turn - aside * view.sin_turn;
      const float to_wall = dv > 1e-4f ? street_.building_v / dv : 1e9f;
      if (to_wall < to_ground) {
        row[x] = view.height - down * to_wall <= RoofAt(du * to_wall) && to_wall < 400 ? on_wall
                                                                                       : on_sky;
        continue;
      }
      row[x] = to_ground > 400 ? on_sky : static_cast<uint8_t>(on_ground * (255 - hidden[x]) / 255);
      if (sun.z <= 0.01f || to_ground > 400) continue;
      // The sun stands behind the houses: does the ray from the ground to it pass over the roof?
      const float k = (street_.building_v - dv * to_ground) / sun.z;
      if (k > 0 && k * sun.y < RoofAt(du * to_ground + k * sun.x)) row[x] = 0;
    }
  }
}

void Backdrop::Paint(const Light& light, const std::vector<uint8_t>& shadow, Picture& out) const {
  const float ambient[3] = {light.ambient.r, light.ambient.g, light.ambient.b};
  const float sun[3] = {light.sun.r, light.sun.g, light.sun.b};
  const float lamp[3] = {light.lamp.r, light.lamp.g, light.lamp.b};
  const auto count = static_cast<int>(sunlit_.size());
  // In rows: the masks stay in the cache for the three planes.
  const int step = albedo_.width * 4;
  for (int at = 0; at < count; at += step) {
    const int n = std::min(step, count - at);
    for (int c = 0; c < 3; ++c) {
      LightRow(&albedo_.plane[c][at], &sunlit_[at], &shadow[at], &lamplit_[at], n, Gain(ambient[c]),
               Gain(sun[c]), Gain(lamp[c]), &out.plane[c][at]);
    }
  }
}

size_t Backdrop::Index(Vec2 p) const {
  const int x = std::clamp(static_cast<int>(p.x), 0, albedo_.width - 1);
  const int y = std::clamp(static_cast<int>(p.y), 0, albedo_.height - 1);
  return static_cast<size_t>(y) * albedo_.width + x;
}

float Backdrop::SunlitAt(Vec2 p) const {
  return static_cast<float>(sunlit_[Index(p)]) / 255.0f > 0.02f ? 1.0f : 0.0f;
}

float Backdrop::LamplitAt(Vec2 p) const { return static_cast<float>(lamplit_[Index(p)]) / 255.0f; }

}  // namespace jetfleet::scene
