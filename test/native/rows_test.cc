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
    Rows().widen_pairs(samples.data(), count, wide.data(), &wide[count]);
    PortableRows().widen_pairs(samples.data(), count, expected.data(), &expected[count]);
    ASSERT_EQ(wide, expected);
  }
}

TEST(Rows, ScaleAsTheirFormulaSaysByAnyFactorAndLength) {
  if (Rows().scale == nullptr) GTEST_SKIP() << "this processor scales by libyuv";
  std::mt19937 random(8);
  for (std::size_t count = 1; count < 100; ++count) {
    for (const unsigned most : {1U, 4U, 7U, 8U, 30U}) {
      ScaleColumns columns;
      std::int32_t left = static_cast<std::int32_t>(random() % 3);
      for (std::size_t i = 0; i < count; ++i) {
        columns.left.push_back(left);
        left += static_cast<std::int32_t>(most - random() % 2);
        const std::uint32_t share = random() % 257;
        columns.shares.push_back((256 - share) | share << 16);
      }
      const auto width = static_cast<std::size_t>(columns.left.back()) + 2;
      // Just as long as what may be read.
      const auto samples = Samples(2 * width);
      const std::uint8_t* const top = samples.data();
      const std::uint8_t* const bottom = top + width;
      const auto down = static_cast<int>(random() % 257);
      std::vector<std::uint8_t> scaled(count);
      Rows().scale(top, bottom, down, 0, columns, scaled.data());
      for (std::size_t i = 0; i < count; ++i) {
        const auto across = [&](const std::uint8_t* row) {
          const std::uint8_t* const pair = row + columns.left[i];
          return pair[0] * (columns.shares[i] & 0xFFFF) + pair[1] * (columns.shares[i] >> 16);
        };
        const auto of_bottom = static_cast<std::uint32_t>(down);
        const auto sum = across(top) * (256 - of_bottom) + across(bottom) * of_bottom + (1U << 15);
        ASSERT_EQ(scaled[i], sum >> 16) << count << " samples, up to " << most << " apart";
      }
    }
  }
}

}  // namespace
}  // namespace jetfleet
