#include "core/prepare/scale_rows.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace jetfleet {
namespace {

constexpr std::uint32_t kWhole = 256;

std::vector<std::uint8_t> Samples(std::size_t count, std::mt19937* random) {
  std::vector<std::uint8_t> samples(count);
  for (std::uint8_t& sample : samples) sample = static_cast<std::uint8_t>((*random)());
  return samples;
}

std::uint32_t ShareOf(std::mt19937* random) { return (*random)() % (kWhole + 1); }

/// The neighbours of `count` samples that are so far apart, from the second or third on.
ScaleColumns ColumnsOf(std::size_t count, double apart, std::mt19937* random) {
  ScaleColumns columns;
  const double first = 1 + static_cast<double>((*random)() % 256) / 256;
  for (std::size_t i = 0; i < count; ++i) {
    const double place = first + static_cast<double>(i) * apart;
    columns.Add(static_cast<int>(place), static_cast<int>(ShareOf(random)));
  }
  return columns;
}

/// Four neighbours by their shares, in whole numbers.
std::uint32_t Mixed(const std::uint8_t* top, const std::uint8_t* bottom, std::uint32_t down,
                    const ScaleColumns& columns, std::size_t i) {
  const auto across = [&](const std::uint8_t* row) {
    const std::uint8_t* const pair = row + columns.left[i];
    return pair[0] * (columns.shares[i] & 0xFFFF) + pair[1] * (columns.shares[i] >> 16);
  };
  return (across(top) * (kWhole - down) + across(bottom) * down + (1U << 15)) >> 16;
}

void ExpectMixes(const ScaleRows& rows) {
  std::mt19937 random(11);
  for (std::size_t count = 1; count < 150; ++count) {
    for (const double apart : {1.0, 1.3, 1.8, 1.85, 1.9, 2.0, 3.6, 4.0, 4.6, 7.3, 8.0, 9.0, 29.7}) {
      const ScaleColumns columns = ColumnsOf(count, apart, &random);
      const auto width = static_cast<std::size_t>(columns.left.back()) + 2;
      // Just as long as what may be read.
      const auto samples = Samples(2 * width, &random);
      std::vector<std::int16_t> between(width + ScaleRows::kBehind);
      const std::uint32_t down = ShareOf(&random);
      rows.blend(samples.data(), samples.data() + width, static_cast<int>(down), width,
                 between.data());
      std::vector<std::uint8_t> scaled(count);
      rows.pick(between.data(), columns, scaled.data());
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(scaled[i], Mixed(samples.data(), samples.data() + width, down, columns, i))
            << count << " samples, " << apart << " apart";
      }
    }
  }
}

TEST(ScaleRows, MixFourNeighboursByTheirSharesForEveryLength) {
  ExpectMixes(PortableScaleRows());
  if (OwnScaleRows() != nullptr) ExpectMixes(*OwnScaleRows());
}

}  // namespace
}  // namespace jetfleet
