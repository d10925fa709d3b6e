#include "core/prepare/rows.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace jetfleet {
namespace {

std::vector<std::uint8_t> Samples(std::size_t count) {
  std::mt19937 random(7);
  std::vector<std::uint8_t> samples(count);
  for (std::uint8_t& sample : samples) sample = static_cast<std::uint8_t>(random());
  return samples;
}

/// Red, green and blue one after the other.
std::vector<float> Converted(const RowFunctions& rows, const std::vector<std::uint8_t>& samples,
                             std::size_t count, const Color& color) {
  std::vector<float> out(3 * count);
  const std::uint8_t* const y = samples.data();
  rows.yuv(y, y + count, y + 2 * count, count, CoefficientsOf(color), {out.data(), 123.7F, 0.017F},
           {&out[count], 116.3F, 0.0175F}, {&out[2 * count], 0, 1});
  return out;
}

TEST(Rows, AreTheSameForEveryInstructionSetAndLength) {
  for (std::size_t count = 1; count < 150; ++count) {
    const auto samples = Samples(3 * count);
    for (const auto matrix : {ColorMatrix::kBt601, ColorMatrix::kBt709, ColorMatrix::kBt2020}) {
      for (const auto range : {ColorRange::kLimited, ColorRange::kFull}) {
        Color color;
        color.matrix = matrix;
        color.range = range;
        ASSERT_EQ(Converted(Rows(), samples, count, color),
                  Converted(PortableRows(), samples, count, color));
      }
    }
    std::vector<float> here(count);
    std::vector<float> portable(count);
    Rows().convert(samples.data(), count, {here.data(), 12.3F, 0.7F});
    PortableRows().convert(samples.data(), count, {portable.data(), 12.3F, 0.7F});
    ASSERT_EQ(here, portable);
    std::vector<std::uint8_t> wide(2 * count);
    std::vector<std::uint8_t> expected(2 * count);
    Rows().widen(samples.data(), count, wide.data());
    PortableRows().widen(samples.data(), count, expected.data());
    ASSERT_EQ(wide, expected);
  }
}

}  // namespace
}  // namespace jetfleet
