#include "core/prepare/rows.h"

// Inlined into one function for each instruction set.
#define JETFLEET_ROW __attribute__((always_inline)) inline void

namespace jetfleet {
namespace {

constexpr float kMost = 255;
constexpr float kNoColor = 128;

inline float Clamped(float value) {
  const float high = value < kMost ? value : kMost;
  return high > 0 ? high : 0;
}

JETFLEET_ROW Convert(const std::uint8_t* __restrict from, std::size_t count, const RowTarget& to) {
  float* __restrict const out = to.out;
  const float mean = to.mean;
  const float scale = to.scale;
  for (std::size_t i = 0; i < count; ++i) out[i] = (static_cast<float>(from[i]) - mean) * scale;
}

/// `__restrict` counts on parameters only, hence so many.
JETFLEET_ROW Yuv(const std::uint8_t* __restrict y, const std::uint8_t* __restrict u,
                 const std::uint8_t* __restrict v, std::size_t count, YuvCoefficients by,
                 RowTarget to_red, RowTarget to_green, RowTarget to_blue, float* __restrict out_red,
                 float* __restrict out_green, float* __restrict out_blue) {
  for (std::size_t i = 0; i < count; ++i) {
    const float luma = (static_cast<float>(y[i]) - by.luma_offset) * by.luma;
    const float b = static_cast<float>(u[i]) - kNoColor;
    const float r = static_cast<float>(v[i]) - kNoColor;
    out_red[i] = (Clamped(luma + by.red_of_v * r) - to_red.mean) * to_red.scale;
    out_green[i] =
        (Clamped(luma - by.green_of_u * b - by.green_of_v * r) - to_green.mean) * to_green.scale;
    out_blue[i] = (Clamped(luma + by.blue_of_u * b) - to_blue.mean) * to_blue.scale;
  }
}

JETFLEET_ROW Widen(const std::uint8_t* __restrict from, std::size_t count,
                   std::uint8_t* __restrict to) {
  const std::size_t pairs = count / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    to[2 * i] = from[i];
    to[2 * i + 1] = from[i];
  }
  if (count % 2 != 0) to[count - 1] = from[pairs];
}

void PortableConvert(const std::uint8_t* from, std::size_t count, const RowTarget& to) {
  Convert(from, count, to);
}
void PortableYuv(const std::uint8_t* y, const std::uint8_t* u, const std::uint8_t* v,
                 std::size_t count, const YuvCoefficients& by, const RowTarget& red,
                 const RowTarget& green, const RowTarget& blue) {
  Yuv(y, u, v, count, by, red, green, blue, red.out, green.out, blue.out);
}
void PortableWiden(const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
  Widen(from, count, to);
}
constexpr RowFunctions kPortable = {PortableConvert, PortableYuv, PortableWiden};

#ifdef __x86_64__
__attribute__((target("avx2"))) void Avx2Convert(const std::uint8_t* from, std::size_t count,
                                                 const RowTarget& to) {
  Convert(from, count, to);
}
__attribute__((target("avx2"))) void Avx2Yuv(const std::uint8_t* y, const std::uint8_t* u,
                                             const std::uint8_t* v, std::size_t count,
                                             const YuvCoefficients& by, const RowTarget& red,
                                             const RowTarget& green, const RowTarget& blue) {
  Yuv(y, u, v, count, by, red, green, blue, red.out, green.out, blue.out);
}
__attribute__((target("avx2"))) void Avx2Widen(const std::uint8_t* from, std::size_t count,
                                               std::uint8_t* to) {
  Widen(from, count, to);
}
#define JETFLEET_512 \
  __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
JETFLEET_512 void Avx512Convert(const std::uint8_t* from, std::size_t count, const RowTarget& to) {
  Convert(from, count, to);
}
JETFLEET_512 void Avx512Yuv(const std::uint8_t* y, const std::uint8_t* u, const std::uint8_t* v,
                            std::size_t count, const YuvCoefficients& by, const RowTarget& red,
                            const RowTarget& green, const RowTarget& blue) {
  Yuv(y, u, v, count, by, red, green, blue, red.out, green.out, blue.out);
}
JETFLEET_512 void Avx512Widen(const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
  Widen(from, count, to);
}
constexpr RowFunctions kAvx2 = {Avx2Convert, Avx2Yuv, Avx2Widen};
constexpr RowFunctions kAvx512 = {Avx512Convert, Avx512Yuv, Avx512Widen};
#endif

/// Shares of red and blue in luma.
struct Primaries {
  double red;
  double blue;
};

Primaries PrimariesOf(ColorMatrix matrix) {
  switch (matrix) {
    case ColorMatrix::kBt709:
      return {0.2126, 0.0722};
    case ColorMatrix::kBt2020:
      return {0.2627, 0.0593};
    case ColorMatrix::kBt601:
      break;
  }
  return {0.299, 0.114};
}

}  // namespace

YuvCoefficients CoefficientsOf(const Color& color) {
  const bool full = color.range == ColorRange::kFull;
  const double luma = full ? 1 : 255.0 / 219;
  const double chroma = full ? 1 : 255.0 / 224;
  const auto [red, blue] = PrimariesOf(color.matrix);
  const double green = 1 - red - blue;
  const double of_v = 2 * (1 - red) * chroma;
  const double of_u = 2 * (1 - blue) * chroma;
  return {full ? 0.0F : 16.0F,
          static_cast<float>(luma),
          static_cast<float>(of_v),
          static_cast<float>(of_u * blue / green),
          static_cast<float>(of_v * red / green),
          static_cast<float>(of_u)};
}

const RowFunctions& PortableRows() { return kPortable; }

const RowFunctions& Rows() {
#ifdef __x86_64__
  static const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
  static const bool kHasAvx512 =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  if (kHasAvx2 && kHasAvx512) return kAvx512;
  if (kHasAvx2) return kAvx2;
#endif
  // Elsewhere the baseline is what there is: NEON belongs to every 64-bit ARM.
  return kPortable;
}

}  // namespace jetfleet
