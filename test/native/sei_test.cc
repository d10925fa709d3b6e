#include "core/sei.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace jetfleet {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Bytes kSlice = {0, 0, 1, 0x65, 0x88, 0x84, 0, 0x33};

Bytes Join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(Sei, ReadsBackWhatItBuilds) {
  for (const FrameTag tag : {FrameTag{0, 0}, FrameTag{1, 2}, FrameTag{0x0000010000020003, 3},
                             FrameTag{~0ULL, ~0ULL}, FrameTag{256, 1795425873605231}}) {
    const Bytes unit = Join({BuildFrameTagSei(tag), kSlice});
    const auto parsed = ParseFrameTag(unit.data(), unit.size());
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->frame_number, tag.frame_number);
    EXPECT_EQ(parsed->captured_at_us, tag.captured_at_us);
  }
}

TEST(Sei, AppliesEmulationPrevention) {
  const Bytes nal = BuildFrameTagSei({0, 0});
  for (std::size_t i = 4; i + 2 < nal.size(); ++i) {
    EXPECT_FALSE(nal[i] == 0 && nal[i + 1] == 0 && nal[i + 2] <= 2)
        << "start code inside, at " << i;
  }
}

TEST(Sei, SkipsParameterSetsAndForeignMessages) {
  const Bytes delimiter = {0, 0, 0, 1, 9, 0x10};
  const Bytes foreign = {0,   0,   1,   6,   5,   17,  'j', 'e', 't', 'f', 'l', 'e',
                         'e', 't', '-', 'f', 'r', 'a', 'm', 'e', '-', '2', 7,   0x80};
  const Bytes unit = Join({delimiter, foreign, BuildFrameTagSei({42, 7}), kSlice});
  const auto parsed = ParseFrameTag(unit.data(), unit.size());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->frame_number, 42U);
}

TEST(Sei, DoesNotLookBehindTheFirstSlice) {
  const Bytes unit = Join({kSlice, BuildFrameTagSei({42, 7})});
  EXPECT_FALSE(ParseFrameTag(unit.data(), unit.size()).has_value());
}

TEST(Sei, GivesNothingForCutMessages) {
  const Bytes nal = BuildFrameTagSei({42, 7});
  for (std::size_t size = 0; size + 1 < nal.size(); ++size) {
    const Bytes cut(nal.begin(), nal.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(ParseFrameTag(cut.data(), cut.size()).has_value()) << size << " bytes";
  }
}

TEST(Sei, SurvivesNoise) {
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    Bytes bytes = BuildFrameTagSei({random(), random()});
    for (int i = 0; i < 4; ++i)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random() % 8);
    const Bytes exact(bytes.begin(),
                      bytes.begin() + static_cast<std::ptrdiff_t>(random() % bytes.size()));
    ParseFrameTag(exact.data(), exact.size());  // the sanitizers judge
  }
}

}  // namespace
}  // namespace jetfleet
