#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// Numbers as JSON writes them. Each function writes where it is told, where there is room for
/// `kLongestNumber`, and returns the end of what it wrote.
namespace jetfleet {

constexpr std::size_t kLongestNumber = 32;
constexpr std::array<std::uint64_t, 7> kPowersOfTen = {1,      10,      100,      1000,
                                                       10'000, 100'000, 1'000'000};

/// 00 to 99, one after the other.
constexpr auto kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = static_cast<char>('0' + (i % 2 == 0 ? i / 20 : i / 2 % 10));
  }
  return pairs;
}();

inline char* PutPair(char* to, std::uint64_t value) {
  std::memcpy(to, &kDigitPairs[2 * value], 2);
  return to + 2;
}

/// Below 10,000; without zeros in front.
inline char* PutSmall(char* to, std::uint64_t value) {
  if (value >= 100) {
    const std::uint64_t high = value / 100;
    to = PutSmall(to, high);
    return PutPair(to, value - high * 100);
  }
  if (value >= 10) return PutPair(to, value);
  *to = static_cast<char>('0' + value);
  return to + 1;
}

/// Without zeros in front.
char* PutWhole(char* to, std::uint64_t value);

/// `scaled` × 10^-decimals, without zeros at the end.
char* PutScaled(char* to, std::uint64_t scaled, int decimals);

/// `value` × 10^decimals, half away from zero: as llround, which is a call.
inline std::int64_t ScaledBy(std::uint64_t power, double value) {
  return static_cast<std::int64_t>(value * static_cast<double>(power) + std::copysign(0.5, value));
}

/// What most numbers are, inlined; `value` is below 10^12 either way. Divides by constants: that is
/// several times as fast.
template <int kDecimals>
inline char* PutFixed(char* to, double value) {
  static_assert(kDecimals == 2 || kDecimals == 4);
  constexpr std::uint64_t kPower = kPowersOfTen[kDecimals];
  const std::int64_t rounded = ScaledBy(kPower, value);
  if (rounded < 0) *to++ = '-';
  const auto scaled = static_cast<std::uint64_t>(rounded < 0 ? -rounded : rounded);
  const std::uint64_t whole = scaled / kPower;
  const std::uint64_t rest = scaled - whole * kPower;
  to = whole < 10'000 ? PutSmall(to, whole) : PutWhole(to, whole);
  if (rest == 0) return to;
  *to++ = '.';
  if (kDecimals == 4) to = PutPair(to, rest / 100);
  to = PutPair(to, rest % 100);
  while (to[-1] == '0') --to;
  return to;
}

}  // namespace jetfleet
