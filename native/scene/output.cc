#include "output.h"

#include "vectorize.h"

namespace jetfleet::scene {
namespace {

constexpr size_t kNoiseLength = 1 << 16;
constexpr float kNoiseStep = 0.5f;

JETFLEET_VECTORIZE
void AddRow(const int8_t* noise, int count, uint8_t* row) {
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<int16_t>(row[i] + noise[i]);
    const int16_t low = value < 0 ? 0 : value;
    row[i] = static_cast<uint8_t>(low > 255 ? 255 : low);
  }
}

// BT.709, limited range, in 1/256; sums stay within 16 bits.
JETFLEET_VECTORIZE
void LumaRow(const uint8_t* r, const uint8_t* g, const uint8_t* b, int count, uint8_t* y) {
  for (int i = 0; i < count; ++i) {
    y[i] =
        static_cast<uint8_t>(static_cast<uint16_t>(47 * r[i] + 157 * g[i] + 16 * b[i] + 4224) >> 8);
  }
}

JETFLEET_VECTORIZE
void ChromaRow(const uint8_t* const top[3], const uint8_t* const bottom[3], int count, uint8_t* u,
               uint8_t* v) {
  for (int i = 0; i < count; ++i) {
    int16_t mean[3];
    for (int c = 0; c < 3; ++c) {
      mean[c] = static_cast<int16_t>(
          (top[c][2 * i] + top[c][2 * i + 1] + bottom[c][2 * i] + bottom[c][2 * i + 1] + 2) >> 2);
    }
    u[i] = static_cast<uint8_t>(
        (static_cast<int16_t>(-26 * mean[0] - 86 * mean[1] + 112 * mean[2]) >> 8) + 128);
    v[i] = static_cast<uint8_t>(
        (static_cast<int16_t>(112 * mean[0] - 102 * mean[1] - 10 * mean[2]) >> 8) + 128);
  }
}

}  // namespace

NoiseTable::NoiseTable() {
  for (int level = 0; level < 8; ++level) {
    const float deviation = kNoiseStep * static_cast<float>(level + 1);
    values_[level].resize(kNoiseLength);
    for (size_t i = 0; i < kNoiseLength; ++i) {
      // The sum of four uniform values is near enough to a normal one.
      const uint64_t h = Mix(0x90 + static_cast<uint64_t>(level), i);
      const float sum = static_cast<float>((h & 0xffff) + ((h >> 16) & 0xffff) +
                                           ((h >> 32) & 0xffff) + (h >> 48)) /
                        65536.0f;
      values_[level][i] = static_cast<int8_t>(std::lround((sum - 2) * 1.732f * deviation));
    }
  }
}

void NoiseTable::Apply(uint64_t frame_key, float deviation, Picture& picture) const {
  const int level = std::clamp(static_cast<int>(deviation / kNoiseStep) - 1, 0, 7);
  const size_t room = kNoiseLength - static_cast<size_t>(std::min(picture.width, 8192));
  for (int y = 0; y < picture.height; ++y) {
    const int8_t* noise = &values_[level][Mix(frame_key, static_cast<uint64_t>(y)) % room];
    for (auto& plane : picture.plane)
      AddRow(noise, picture.width, &plane[static_cast<size_t>(y) * picture.width]);
  }
}

void ToRgb(const Picture& picture, uint8_t* rgb) {
  const size_t count = picture.plane[0].size();
  for (size_t i = 0; i < count; ++i) {
    for (int c = 0; c < 3; ++c) rgb[3 * i + c] = picture.plane[c][i];
  }
}

void ToI420(const Picture& picture, uint8_t* y, int y_stride, uint8_t* u, int u_stride, uint8_t* v,
            int v_stride) {
  const int width = picture.width;
  for (int row = 0; row < picture.height; ++row) {
    const size_t at = static_cast<size_t>(row) * width;
    LumaRow(&picture.plane[0][at], &picture.plane[1][at], &picture.plane[2][at], width,
            y + static_cast<size_t>(row) * y_stride);
    if (row % 2 == 0) continue;
    const uint8_t* top[3];
    const uint8_t* bottom[3];
    for (int c = 0; c < 3; ++c) {
      bottom[c] = &picture.plane[c][at];
      top[c] = bottom[c] - width;
    }
    ChromaRow(top, bottom, width / 2, u + static_cast<size_t>(row / 2) * u_stride,
              v + static_cast<size_t>(row / 2) * v_stride);
  }
}

}  // namespace jetfleet::scene
