#include "core/prepare/scale_rows.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <cstring>

#define JETFLEET_ROW __attribute__((always_inline)) inline void

namespace jetfleet {
namespace {

constexpr int kWhole = 256;
constexpr int kLess = 32768;
/// What `blend` took away, times the shares of two neighbours, and a half.
constexpr std::int32_t kBack = kLess * kWhole + (1 << 15);

JETFLEET_ROW Blend(const std::uint8_t* __restrict top, const std::uint8_t* __restrict bottom,
                   int down, std::size_t count, std::int16_t* __restrict out) {
  const auto of_bottom = static_cast<std::uint16_t>(down);
  const auto of_top = static_cast<std::uint16_t>(kWhole - down);
  for (std::size_t i = 0; i < count; ++i) {
    const auto sum = static_cast<std::uint16_t>(top[i] * of_top + bottom[i] * of_bottom);
    out[i] = static_cast<std::int16_t>(sum ^ kLess);
  }
}

JETFLEET_ROW Part(const std::int16_t* __restrict pairs, std::size_t count,
                  std::int16_t* __restrict first, std::int16_t* __restrict second) {
  for (std::size_t i = 0; i < count; ++i) {
    first[i] = pairs[2 * i];
    second[i] = pairs[2 * i + 1];
  }
}

/// From column `begin` on.
JETFLEET_ROW Pick(const std::int16_t* row, const ScaleColumns& columns, std::size_t begin,
                  std::uint8_t* to) {
  for (std::size_t i = begin; i < columns.left.size(); ++i) {
    const std::int16_t* const pair = row + columns.left[i];
    const auto left = static_cast<std::int32_t>(columns.shares[i] & 0xFFFF);
    const auto right = static_cast<std::int32_t>(columns.shares[i] >> 16);
    to[i] = static_cast<std::uint8_t>((pair[0] * left + pair[1] * right + kBack) >> 16);
  }
}

void PortableBlend(const std::uint8_t* top, const std::uint8_t* bottom, int down, std::size_t count,
                   std::int16_t* out) {
  Blend(top, bottom, down, count, out);
}
void PortablePick(const std::int16_t* row, const ScaleColumns& columns, std::uint8_t* to) {
  Pick(row, columns, 0, to);
}
void PortablePart(const std::int16_t* pairs, std::size_t count, std::int16_t* first,
                  std::int16_t* second) {
  Part(pairs, count, first, second);
}
constexpr ScaleRows kPortable = {PortableBlend, PortablePart, PortablePick};

#ifdef __x86_64__
__attribute__((target("avx2"))) void Avx2Blend(const std::uint8_t* top, const std::uint8_t* bottom,
                                               int down, std::size_t count, std::int16_t* out) {
  Blend(top, bottom, down, count, out);
}

__attribute__((target("avx2"))) void Avx2Part(const std::int16_t* pairs, std::size_t count,
                                              std::int16_t* first, std::int16_t* second) {
  Part(pairs, count, first, second);
}

/// From eight pairs of neighbours to samples `i` to `i` + 7.
__attribute__((target("avx2"))) inline void MixEight(__m256i pairs, const ScaleColumns& columns,
                                                     std::size_t i, std::uint8_t* to) {
  const __m256i by =
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns.shares.data() + i));
  const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(pairs, by), _mm256_set1_epi32(kBack));
  const __m256i words = _mm256_srli_epi32(sum, 16);
  const __m128i small =
      _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to + i), _mm_packus_epi16(small, small));
}

__attribute__((target("avx2"))) inline __m128i EightSamples(const std::int16_t* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

/// The neighbours of four samples lie within eight: both are picked out of these by one
/// instruction.
__attribute__((target("avx2"))) void Avx2PickNear(const std::int16_t* row,
                                                  const ScaleColumns& columns, std::uint8_t* to) {
  constexpr std::size_t kStep = 8;
  const std::int32_t* const left = columns.left.data();
  const std::size_t count = columns.left.size();
  const __m256i lowest = _mm256_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12,  //
                                          0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12);
  const __m256i within = _mm256_set1_epi32(0x03020100);
  std::size_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    const __m256i places = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(left + i));
    // Of each four.
    const __m256i first = _mm256_shuffle_epi32(places, 0);
    const __m256i ahead = _mm256_shuffle_epi8(_mm256_sub_epi32(places, first), lowest);
    const __m256i bytes = _mm256_add_epi8(_mm256_add_epi8(ahead, ahead), within);
    const __m256i samples =
        _mm256_set_m128i(EightSamples(row + left[i + 4]), EightSamples(row + left[i]));
    MixEight(_mm256_shuffle_epi8(samples, bytes), columns, i, to);
  }
  Pick(row, columns, i, to);
}

__attribute__((target("avx2"))) inline int Pair(const std::int16_t* at) {
  int both = 0;
  std::memcpy(&both, at, sizeof both);
  return both;
}

/// By single loads: the gathering instructions are slow on processors that must guard them.
__attribute__((target("avx2"))) void Avx2PickFar(const std::int16_t* row,
                                                 const ScaleColumns& columns, std::uint8_t* to) {
  constexpr std::size_t kStep = 8;
  std::size_t i = 0;
  for (; i + kStep <= columns.left.size(); i += kStep) {
    const std::int32_t* const at = columns.left.data() + i;
    MixEight(_mm256_setr_epi32(Pair(row + at[0]), Pair(row + at[1]), Pair(row + at[2]),
                               Pair(row + at[3]), Pair(row + at[4]), Pair(row + at[5]),
                               Pair(row + at[6]), Pair(row + at[7])),
             columns, i, to);
  }
  Pick(row, columns, i, to);
}

void Avx2Pick(const std::int16_t* row, const ScaleColumns& columns, std::uint8_t* to) {
  // Evenly spaced by at most two, a sample lies at most six behind the third in front of it.
  const auto span = static_cast<std::size_t>(columns.left.back() - columns.left.front());
  const bool near = span <= 2 * (columns.left.size() - 1);
  return near ? Avx2PickNear(row, columns, to) : Avx2PickFar(row, columns, to);
}
constexpr ScaleRows kAvx2 = {Avx2Blend, Avx2Part, Avx2Pick};

#define JETFLEET_512 \
  __attribute__((target("avx2,avx512f,avx512bw,avx512vl,prefer-vector-width=512")))

JETFLEET_512 void Avx512Blend(const std::uint8_t* top, const std::uint8_t* bottom, int down,
                              std::size_t count, std::int16_t* out) {
  Blend(top, bottom, down, count, out);
}

JETFLEET_512 void Avx512Part(const std::int16_t* pairs, std::size_t count, std::int16_t* first,
                             std::int16_t* second) {
  Part(pairs, count, first, second);
}

// GCC 12 takes the forms without a mask for uses of what is not set.
constexpr __mmask16 kAll = 0xFFFF;
constexpr std::size_t kLoad = 32;
constexpr std::size_t kSamples = 2 * kLoad;
static_assert(kSamples <= ScaleRows::kBehind, "what is loaded may be read");

/// The neighbours of samples `i` on, as places behind the left one of the first.
JETFLEET_512 inline __m512i PlacesOf(const ScaleColumns& columns, std::size_t i, __mmask16 wanted) {
  const __m512i both = _mm512_maskz_loadu_epi32(wanted, columns.both.data() + i);
  return _mm512_sub_epi32(both, _mm512_set1_epi32(static_cast<int>(columns.twice[i])));
}

JETFLEET_512 inline void MixSixteen(__m512i pairs, const ScaleColumns& columns, std::size_t i,
                                    __mmask16 wanted, std::uint8_t* to) {
  const __m512i by = _mm512_maskz_loadu_epi32(wanted, columns.shares.data() + i);
  const __m512i sum = _mm512_add_epi32(_mm512_madd_epi16(pairs, by), _mm512_set1_epi32(kBack));
  _mm512_mask_cvtepi32_storeu_epi8(to + i, wanted, _mm512_maskz_srli_epi32(kAll, sum, 16));
}

/// The samples of a step are picked out of one or two times 32 by one instruction.
JETFLEET_512 void Avx512Pick(const std::int16_t* row, const ScaleColumns& columns,
                             std::uint8_t* to) {
  const std::int32_t* const left = columns.left.data();
  const std::size_t count = columns.left.size();
  // With one to spare, for places are rounded.
  const auto reach = [&](std::size_t step) {
    const auto span = static_cast<std::size_t>(left[count - 1] - left[0]);
    return step * span / count + 3;
  };
  const std::size_t step = reach(16) <= kSamples ? 16 : 8;
  if (count < 16 || reach(step) > kSamples) return Avx2Pick(row, columns, to);
  const __mmask16 wanted = step == 16 ? kAll : 0xFF;
  std::size_t i = 0;
  if (reach(16) <= kLoad) {
    for (; i + 16 <= count; i += 16) {
      const __m512i samples = _mm512_loadu_si512(row + left[i]);
      const __m512i places = PlacesOf(columns, i, kAll);
      MixSixteen(_mm512_maskz_permutexvar_epi16(~__mmask32{0}, places, samples), columns, i, kAll,
                 to);
    }
  }
  for (; i + step <= count; i += step) {
    const std::int16_t* const begin = row + left[i];
    const __m512i places = PlacesOf(columns, i, wanted);
    const __m512i pairs = _mm512_permutex2var_epi16(_mm512_loadu_si512(begin), places,
                                                    _mm512_loadu_si512(begin + kLoad));
    MixSixteen(pairs, columns, i, wanted, to);
  }
  Pick(row, columns, i, to);
}
constexpr ScaleRows kAvx512 = {Avx512Blend, Avx512Part, Avx512Pick};
#endif

}  // namespace

void ScaleColumns::Add(int index, int right) {
  const auto place = static_cast<std::uint32_t>(index);
  left.push_back(index);
  shares.push_back(static_cast<std::uint32_t>(kWhole - right) | static_cast<std::uint32_t>(right)
                                                                    << 16);
  both.push_back(place | (place + 1) << 16);
  twice.push_back(place | place << 16);
}

const ScaleRows& PortableScaleRows() { return kPortable; }

const ScaleRows* OwnScaleRows() {
#ifdef __x86_64__
  static const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
  static const bool kHasAvx512 = __builtin_cpu_supports("avx512f") != 0 &&
                                 __builtin_cpu_supports("avx512bw") != 0 &&
                                 __builtin_cpu_supports("avx512vl") != 0;
  if (kHasAvx2) return kHasAvx512 ? &kAvx512 : &kAvx2;
#endif
  return nullptr;
}

}  // namespace jetfleet
