#pragma once

#include <cstdint>
#include <vector>

#include "scene/scene.h"

namespace jetfleet::bench {

constexpr int kStreetWidth = 1280;
constexpr int kStreetHeight = 720;
constexpr std::size_t kStreetBytes = kStreetWidth * kStreetHeight * 3 / 2;

/// A frame of the simulated camera's street as a decoder hands it over (NV12, BT.709 limited, tight
/// rows), with the truth.
struct StreetFrame {
  std::vector<std::uint8_t> nv12;
  std::vector<scene::TrueObject> truth;
};

/// `per_seed` frames of each street from `first_seed` on, spread over a day; none of them was seen
/// in training, which began at seed 100,000 (models/street-v2.json). Drawn by all processors.
std::vector<StreetFrame> DrawStreets(int count, int per_seed, std::uint64_t first_seed);

}  // namespace jetfleet::bench
