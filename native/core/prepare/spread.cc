#include "core/prepare/spread.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace jetfleet {
namespace {

/// Where each plane takes its samples from in a packed pixel, and what becomes of them.
struct Channel {
  std::size_t byte;
  float mean;
  float scale;
};

using Channels = std::array<Channel, 3>;

Channels ChannelsOf(const PreprocessSpec& spec) {
  const bool bgr = spec.channels == PreprocessSpec::Channels::kBgr;
  Channels channels{};
  for (std::size_t i = 0; i < 3; ++i) {
    channels[i] = {bgr ? i : 2 - i, spec.mean[i], spec.scale[i]};
  }
  return channels;
}

// Inlined into one function for each instruction set.
__attribute__((always_inline)) inline void SpreadRow(const std::uint8_t* __restrict from, int count,
                                                     const Channel& channel, float* __restrict to) {
  const std::uint8_t* const samples = from + channel.byte;
  const float mean = channel.mean;
  const float scale = channel.scale;
  for (int x = 0; x < count; ++x) {
    to[x] = (static_cast<float>(samples[static_cast<std::size_t>(x) * 3]) - mean) * scale;
  }
}

__attribute__((always_inline)) inline void SpreadAll(const std::uint8_t* bgr,
                                                     const PreprocessSpec& spec,
                                                     const Placement& placement, float* input) {
  const Channels channels = ChannelsOf(spec);
  const auto width = static_cast<std::size_t>(placement.input.width);
  const std::size_t plane = width * static_cast<std::size_t>(placement.input.height);
  const Rect& target = placement.target;
  const auto left = static_cast<std::size_t>(target.x);
  const auto right = left + static_cast<std::size_t>(target.width);
  const auto top = static_cast<std::size_t>(target.y);
  const auto bottom = top + static_cast<std::size_t>(target.height);
  for (std::size_t i = 0; i < 3; ++i) {
    float* const to = input + i * plane;
    const float pad = (spec.pad - channels[i].mean) * channels[i].scale;
    std::fill(to, to + top * width, pad);
    std::fill(to + bottom * width, to + plane, pad);
  }
  for (std::size_t y = top; y < bottom; ++y) {
    const std::uint8_t* const from = bgr + (y - top) * static_cast<std::size_t>(target.width) * 3;
    // Row by row through all planes, so that the packed row is read from the cache.
    for (std::size_t i = 0; i < 3; ++i) {
      float* const row = input + i * plane + y * width;
      const float pad = (spec.pad - channels[i].mean) * channels[i].scale;
      std::fill(row, row + left, pad);
      SpreadRow(from, target.width, channels[i], row + left);
      std::fill(row + right, row + width, pad);
    }
  }
}

#ifdef __x86_64__
__attribute__((target("avx2"))) void SpreadAvx2(const std::uint8_t* bgr, const PreprocessSpec& spec,
                                                const Placement& placement, float* input) {
  SpreadAll(bgr, spec, placement, input);
}
#endif

}  // namespace

void SpreadPortably(const std::uint8_t* bgr, const PreprocessSpec& spec, const Placement& placement,
                    float* input) {
  SpreadAll(bgr, spec, placement, input);
}

void Spread(const std::uint8_t* bgr, const PreprocessSpec& spec, const Placement& placement,
            float* input) {
#ifdef __x86_64__
  static const bool kAvx2 = __builtin_cpu_supports("avx2") != 0;
  if (kAvx2) return SpreadAvx2(bgr, spec, placement, input);
#endif
  // Elsewhere the baseline is what there is: NEON belongs to every 64-bit ARM.
  SpreadPortably(bgr, spec, placement, input);
}

}  // namespace jetfleet
