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

/// The neighbours of `count` samples that are up to `most` apart.
ScaleColumns ColumnsOf(std::size_t count, unsigned most, std::mt19937* random) {
  ScaleColumns columns;
  auto left = static_cast<std::int32_t>((*random)() % 3);
  for (std::size_t i = 0; i < count; ++i) {
    columns.left.push_back(left);
    left += static_cast<std::int32_t>(most - (*random)() % 2);
    const std::uint32_t share = ShareOf(random);
    columns.shares.push_back((kWhole - share) | share << 16);
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
    for (const unsigned most : {1U, 2U, 4U, 5U, 7U, 8U, 9U, 30U}) {
      const ScaleColumns columns = ColumnsOf(count, most, &random);
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
            << count << " samples, up to " << most << " apart";
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
