#include "core/prepare/rows.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <cstring>

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

JETFLEET_ROW WidenPairs(const std::uint8_t* __restrict from, std::size_t count,
                        std::uint8_t* __restrict u, std::uint8_t* __restrict v) {
  const std::size_t pairs = count / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    u[2 * i] = from[2 * i];
    u[2 * i + 1] = from[2 * i];
    v[2 * i] = from[2 * i + 1];
    v[2 * i + 1] = from[2 * i + 1];
  }
  if (count % 2 != 0) {
    u[count - 1] = from[2 * pairs];
    v[count - 1] = from[2 * pairs + 1];
  }
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
void PortableWidenPairs(const std::uint8_t* from, std::size_t count, std::uint8_t* u,
                        std::uint8_t* v) {
  WidenPairs(from, count, u, v);
}
constexpr RowFunctions kPortable = {PortableConvert, PortableYuv, PortableWiden, PortableWidenPairs,
                                    nullptr};

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
__attribute__((target("avx2"))) void Avx2WidenPairs(const std::uint8_t* from, std::size_t count,
                                                    std::uint8_t* u, std::uint8_t* v) {
  WidenPairs(from, count, u, v);
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
JETFLEET_512 void Avx512WidenPairs(const std::uint8_t* from, std::size_t count, std::uint8_t* u,
                                   std::uint8_t* v) {
  WidenPairs(from, count, u, v);
}

/// From sample `begin` on.
void ScaleRest(const std::uint8_t* top, const std::uint8_t* bottom, int down,
               const ScaleColumns& columns, std::size_t begin, std::uint8_t* to) {
  for (std::size_t i = begin; i < columns.left.size(); ++i) {
    const auto across = [&](const std::uint8_t* row) {
      const std::uint8_t* const pair = row + columns.left[i];
      return pair[0] * (columns.shares[i] & 0xFFFF) + pair[1] * (columns.shares[i] >> 16);
    };
    const auto of_below = static_cast<std::uint32_t>(down);
    const std::uint32_t sum =
        across(top) * (256 - of_below) + across(bottom) * of_below + (1 << 15);
    to[i] = static_cast<std::uint8_t>(sum >> 16);
  }
}

/// Eight pairs of neighbours. Single loads: the gathering instructions read beyond the row and are
/// slow on processors that must guard them.
__attribute__((target("avx2"))) inline __m128i Avx2Pairs(const std::uint8_t* row,
                                                         const std::int32_t* left) {
  const auto pair = [&](int i) {
    std::uint16_t both = 0;
    std::memcpy(&both, row + left[i], sizeof both);
    return static_cast<std::int16_t>(both);
  };
  return _mm_setr_epi16(pair(0), pair(1), pair(2), pair(3), pair(4), pair(5), pair(6), pair(7));
}

__attribute__((target("avx2"))) void Avx2Scale(const std::uint8_t* top, const std::uint8_t* bottom,
                                               int down, std::ptrdiff_t ahead,
                                               const ScaleColumns& columns, std::uint8_t* to) {
  constexpr int kHalf = 1 << 15;
  const std::int32_t* const left = columns.left.data();
  const std::uint32_t* const shares = columns.shares.data();
  const std::size_t count = columns.left.size();
  const __m256i of_top = _mm256_set1_epi32(256 - down);
  const __m256i of_bottom = _mm256_set1_epi32(down);
  const __m256i half = _mm256_set1_epi32(kHalf);
  // Of each sum its third byte: the sum over 65,536.
  const __m256i pick =
      _mm256_setr_epi8(2, 6, 10, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 2, 6, 10, 14,
                       -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm_prefetch(top + ahead + left[i], _MM_HINT_T0);
    _mm_prefetch(bottom + ahead + left[i], _MM_HINT_T0);
    const __m256i by = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(shares + i));
    const __m256i above = _mm256_madd_epi16(_mm256_cvtepu8_epi16(Avx2Pairs(top, left + i)), by);
    const __m256i below = _mm256_madd_epi16(_mm256_cvtepu8_epi16(Avx2Pairs(bottom, left + i)), by);
    const __m256i sum = _mm256_add_epi32(
        half,
        _mm256_add_epi32(_mm256_mullo_epi32(above, of_top), _mm256_mullo_epi32(below, of_bottom)));
    const __m256i picked = _mm256_shuffle_epi8(sum, pick);
    const int low = _mm256_extract_epi32(picked, 0);
    const int high = _mm256_extract_epi32(picked, 4);
    std::memcpy(to + i, &low, sizeof low);
    std::memcpy(to + i + 4, &high, sizeof high);
  }
  ScaleRest(top, bottom, down, columns, i, to);
}

#define JETFLEET_VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))

/// Sixteen samples at once, picked out of 128 bytes of each row by one instruction.
JETFLEET_VBMI void Avx512Scale(const std::uint8_t* top, const std::uint8_t* bottom, int down,
                               std::ptrdiff_t ahead, const ScaleColumns& columns,
                               std::uint8_t* to) {
  constexpr std::size_t kStep = 16;
  // Of 7.5 samples into one, a step needs at most 116 bytes.
  constexpr std::size_t kMostInTwo = 15;
  constexpr std::ptrdiff_t kLoad = 64;
  // GCC 12 takes the forms without a mask for uses of what is not set.
  constexpr __mmask16 kAll = 0xFFFF;
  const std::int32_t* const left = columns.left.data();
  const std::size_t count = columns.left.size();
  const auto span = static_cast<std::size_t>(left[count - 1] - left[0]);
  if (2 * span > kMostInTwo * (count - 1)) {
    return Avx2Scale(top, bottom, down, ahead, columns, to);
  }
  const std::ptrdiff_t end = left[count - 1] + 2;
  const __m512i of_top = _mm512_set1_epi32(256 - down);
  const __m512i of_bottom = _mm512_set1_epi32(down);
  const __m512i half = _mm512_set1_epi32(1 << 15);
  std::size_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    const std::ptrdiff_t begin = left[i];
    _mm_prefetch(top + ahead + begin, _MM_HINT_T0);
    _mm_prefetch(top + ahead + begin + kLoad, _MM_HINT_T0);
    _mm_prefetch(bottom + ahead + begin, _MM_HINT_T0);
    _mm_prefetch(bottom + ahead + begin + kLoad, _MM_HINT_T0);
    // Nothing behind the last sample is read.
    const auto mask = [](std::ptrdiff_t bytes) {
      if (bytes <= 0) return __mmask64{0};
      return bytes >= kLoad ? ~__mmask64{0} : (__mmask64{1} << bytes) - 1;
    };
    const __mmask64 first = mask(end - begin);
    const __mmask64 second = mask(end - begin - kLoad);
    const __m512i place =
        _mm512_sub_epi32(_mm512_loadu_si512(left + i), _mm512_set1_epi32(left[i]));
    const __m512i neighbour = _mm512_add_epi32(place, _mm512_set1_epi32(1));
    const __m512i both = _mm512_or_si512(place, _mm512_maskz_slli_epi32(kAll, neighbour, 8));
    const __m512i picked = _mm512_castsi256_si512(_mm512_maskz_cvtepi32_epi16(kAll, both));
    const __m512i by = _mm512_loadu_si512(columns.shares.data() + i);
    const auto across = [&](const std::uint8_t* row) JETFLEET_VBMI {
      const __m512i low = _mm512_maskz_loadu_epi8(first, row + begin);
      const __m512i high = _mm512_maskz_loadu_epi8(second, row + begin + kLoad);
      const __m512i pairs = _mm512_permutex2var_epi8(low, picked, high);
      const __m256i wanted = _mm512_maskz_extracti64x4_epi64(0xF, pairs, 0);
      return _mm512_madd_epi16(_mm512_maskz_cvtepu8_epi16(~__mmask32{0}, wanted), by);
    };
    const __m512i above = _mm512_mullo_epi32(across(top), of_top);
    const __m512i below = _mm512_mullo_epi32(across(bottom), of_bottom);
    const __m512i sum = _mm512_add_epi32(half, _mm512_add_epi32(above, below));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm512_maskz_cvtepi32_epi8(kAll, _mm512_maskz_srli_epi32(kAll, sum, 16)));
  }
  ScaleRest(top, bottom, down, columns, i, to);
}
constexpr RowFunctions kAvx2 = {Avx2Convert, Avx2Yuv, Avx2Widen, Avx2WidenPairs, Avx2Scale};
constexpr RowFunctions kAvx512 = {Avx512Convert, Avx512Yuv, Avx512Widen, Avx512WidenPairs,
                                  Avx2Scale};
constexpr RowFunctions kAvx512Vbmi = {Avx512Convert, Avx512Yuv, Avx512Widen, Avx512WidenPairs,
                                      Avx512Scale};
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
  static const bool kHasVbmi = __builtin_cpu_supports("avx512vbmi") != 0;
  if (kHasAvx2 && kHasAvx512) return kHasVbmi ? kAvx512Vbmi : kAvx512;
  if (kHasAvx2) return kAvx2;
#endif
  // Elsewhere the baseline is what there is: NEON belongs to every 64-bit ARM.
  return kPortable;
}

}  // namespace jetfleet
