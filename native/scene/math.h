// Small vectors, integer hashing and smooth noise. Everything random in the scene is a hash of the
// seed and of what is asked about, so that any frame can be computed without the ones before it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace jetfleet::scene {

constexpr float kPi = 3.14159265f;

struct Vec2 {
  float x = 0, y = 0;
};

/// Camera space, metres: x right, y up from the ground, z forward.
struct Vec3 {
  float x = 0, y = 0, z = 0;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, float k) { return {a.x * k, a.y * k, a.z * k}; }
inline float Dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 Cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline Vec3 Normalized(Vec3 a) { return a * (1.0f / std::max(1e-9f, std::sqrt(Dot(a, a)))); }

/// Linear 0–1 reflectance or light; above 1 is clipped when it reaches the picture.
struct Rgb {
  float r = 0, g = 0, b = 0;
};

inline Rgb operator+(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Rgb operator*(Rgb a, Rgb b) { return {a.r * b.r, a.g * b.g, a.b * b.b}; }
inline Rgb operator*(Rgb a, float k) { return {a.r * k, a.g * k, a.b * k}; }

inline float Clamp01(float x) { return std::min(1.0f, std::max(0.0f, x)); }
inline float Lerp(float a, float b, float t) { return a + (b - a) * t; }
inline Rgb Lerp(Rgb a, Rgb b, float t) { return a * (1 - t) + b * t; }
inline float Smoothstep(float lo, float hi, float x) {
  const float t = Clamp01((x - lo) / (hi - lo));
  return t * t * (3 - 2 * t);
}

/// splitmix64's finaliser.
inline uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

inline uint64_t Mix(uint64_t a, uint64_t b) { return Mix(a ^ Mix(b)); }

/// A stream of random numbers that starts from a hash: figures draw their looks from one.
class Dice {
 public:
  explicit Dice(uint64_t key) : state_(Mix(key)) {}
  uint64_t Next() { return state_ = Mix(state_); }
  float Uniform() { return static_cast<float>(Next() >> 40) * (1.0f / 16777216.0f); }
  float Range(float lo, float hi) { return Lerp(lo, hi, Uniform()); }
  int Pick(int count) { return static_cast<int>(Next() % static_cast<uint64_t>(count)); }
  bool Chance(float p) { return Uniform() < p; }

 private:
  uint64_t state_;
};

inline float HashUniform(uint64_t a, uint64_t b) {
  return static_cast<float>(Mix(a, b) >> 40) * (1.0f / 16777216.0f);
}

/// Smooth noise over one dimension, 0–1, one independent value per unit.
inline float ValueNoise(uint64_t key, double x) {
  const double cell = std::floor(x);
  const auto i = static_cast<int64_t>(cell);
  const float t = Smoothstep(0, 1, static_cast<float>(x - cell));
  return Lerp(HashUniform(key, static_cast<uint64_t>(i)),
              HashUniform(key, static_cast<uint64_t>(i + 1)), t);
}

/// 32-bit hash of a lattice point: the backdrop asks for tens of millions of these.
inline float LatticeUniform(uint32_t key, int32_t x, int32_t y) {
  uint32_t h =
      key ^ (static_cast<uint32_t>(x) * 0x9e3779b1u) ^ (static_cast<uint32_t>(y) * 0x85ebca77u);
  h = (h ^ (h >> 15)) * 0x2c1b3c6du;
  h = (h ^ (h >> 12)) * 0x297a2d39u;
  return static_cast<float>((h ^ (h >> 15)) >> 8) * (1.0f / 16777216.0f);
}

/// Smooth noise over the plane, 0–1.
inline float ValueNoise2(uint32_t key, float x, float y) {
  const float fx = std::floor(x), fy = std::floor(y);
  const auto ix = static_cast<int32_t>(fx), iy = static_cast<int32_t>(fy);
  const float tx = Smoothstep(0, 1, x - fx), ty = Smoothstep(0, 1, y - fy);
  return Lerp(Lerp(LatticeUniform(key, ix, iy), LatticeUniform(key, ix + 1, iy), tx),
              Lerp(LatticeUniform(key, ix, iy + 1), LatticeUniform(key, ix + 1, iy + 1), tx), ty);
}

}  // namespace jetfleet::scene
