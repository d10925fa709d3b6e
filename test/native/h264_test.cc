#include "core/media/h264.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace jetfleet {
namespace {

/// Writes what BitReader reads.
class Bits {
 public:
  Bits& Put(std::uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i) bits_.push_back((value >> i & 1U) != 0);
    return *this;
  }
  Bits& Unsigned(std::uint32_t value) {
    int length = 0;
    while ((value + 1) >> (length + 1) != 0) ++length;
    return Put(0, length).Put(value + 1, length + 1);
  }
  std::vector<std::uint8_t> Bytes(std::uint8_t head) const {
    std::vector<std::uint8_t> bytes{head};
    std::vector<bool> bits = bits_;
    bits.push_back(true);
    while (bits.size() % 8 != 0) bits.push_back(false);
    for (std::size_t i = 0; i < bits.size(); i += 8) {
      unsigned byte = 0;
      for (std::size_t b = 0; b < 8; ++b) byte = byte << 1 | (bits[i + b] ? 1U : 0U);
      bytes.push_back(static_cast<std::uint8_t>(byte));
    }
    return bytes;
  }

 private:
  std::vector<bool> bits_;
};

/// Main profile, 1920 × 1088 less 8 rows; `vui` follows.
Bits Sps1080(bool frames_only = true) {
  Bits bits;
  bits.Put(77, 8).Put(0, 8).Put(40, 8).Unsigned(0);
  bits.Unsigned(0);              // log2_max_frame_num - 4
  bits.Unsigned(2).Unsigned(3);  // order count type 2, references
  bits.Put(0, 1);                // gaps
  bits.Unsigned(119).Unsigned(frames_only ? 67 : 33);
  bits.Put(frames_only ? 1 : 0, 1);
  if (!frames_only) bits.Put(0, 1);
  bits.Put(1, 1);  // direct 8x8
  bits.Put(1, 1).Unsigned(0).Unsigned(0).Unsigned(0).Unsigned(frames_only ? 4 : 2);
  return bits;
}

std::optional<H264Sps> Parse(const Bits& bits) {
  const auto nal = bits.Bytes(0x67);
  return ParseH264Sps(nal.data(), nal.size());
}

TEST(H264Sps, ReadsTheVisibleSize) {
  Bits plain = Sps1080();
  const auto sps = Parse(plain.Put(0, 1));
  ASSERT_TRUE(sps.has_value());
  EXPECT_EQ(sps->size.width, 1920);
  EXPECT_EQ(sps->size.height, 1080);
  EXPECT_FALSE(sps->interlaced);
  EXPECT_FALSE(sps->range.has_value());
  Bits fields = Sps1080(false);
  const auto interlaced = Parse(fields.Put(0, 1));
  ASSERT_TRUE(interlaced.has_value());
  EXPECT_EQ(interlaced->size.height, 1080);
  EXPECT_TRUE(interlaced->interlaced);
}

TEST(H264Sps, ReadsColoursAndAspect) {
  Bits bits = Sps1080();
  bits.Put(1, 1);                                    // VUI
  bits.Put(1, 1).Put(255, 8).Put(4, 16).Put(3, 16);  // aspect
  bits.Put(0, 1);                                    // overscan
  bits.Put(1, 1).Put(5, 3).Put(1, 1).Put(1, 1).Put(1, 8).Put(1, 8).Put(9, 8);
  const auto sps = Parse(bits);
  ASSERT_TRUE(sps.has_value());
  EXPECT_EQ(sps->range, ColorRange::kFull);
  EXPECT_EQ(sps->matrix, ColorMatrix::kBt2020);
  EXPECT_EQ(sps->sample_aspect.width, 4);
  EXPECT_EQ(sps->sample_aspect.height, 3);
}

TEST(H264Sps, NamesAMatrixThatSamplesCannotBeReadBy) {
  for (const auto& [code, foreign] : std::vector<std::pair<std::uint32_t, bool>>{{0, true},
                                                                                 {1, false},
                                                                                 {2, false},
                                                                                 {5, false},
                                                                                 {7, true},
                                                                                 {8, true},
                                                                                 {9, false},
                                                                                 {10, true},
                                                                                 {200, true}}) {
    Bits bits = Sps1080();
    bits.Put(1, 1).Put(0, 2).Put(1, 1).Put(5, 3).Put(0, 1).Put(1, 1).Put(0, 16).Put(code, 8);
    const auto sps = Parse(bits);
    ASSERT_TRUE(sps.has_value());
    EXPECT_EQ(sps->foreign_matrix[0] != '\0', foreign) << code;
    EXPECT_EQ(sps->range, ColorRange::kLimited);
  }
}

TEST(H264Sps, KeepsTheRestWhenTheUsabilityInformationIsCutShort) {
  Bits bits = Sps1080();
  const auto sps = Parse(bits.Put(1, 1).Put(1, 1).Put(255, 8));
  ASSERT_TRUE(sps.has_value());
  EXPECT_EQ(sps->size.width, 1920);
}

TEST(H264Sps, RefusesWhatIsNoPicture) {
  Bits huge;
  huge.Put(77, 8).Put(0, 16).Unsigned(0).Unsigned(0).Unsigned(2).Unsigned(3).Put(0, 1);
  EXPECT_FALSE(Parse(huge.Unsigned(100'000).Unsigned(67).Put(7, 3)).has_value());
  const auto nal = Sps1080().Bytes(0x67);
  for (std::size_t size = 0; size < 10; ++size) {
    EXPECT_FALSE(ParseH264Sps(nal.data(), size).has_value()) << size;
  }
  EXPECT_FALSE(ParseH264Sps(Sps1080().Bytes(0x68).data(), nal.size()).has_value());
}

std::vector<std::uint8_t> Unit(const std::vector<std::vector<std::uint8_t>>& nals) {
  std::vector<std::uint8_t> bytes;
  for (const auto& nal : nals) {
    bytes.insert(bytes.end(), {0, 0, 0, 1});
    bytes.insert(bytes.end(), nal.begin(), nal.end());
  }
  return bytes;
}

std::vector<std::uint8_t> Slice(std::uint8_t head, std::uint32_t frame_num) {
  return Bits().Unsigned(0).Unsigned(5).Unsigned(0).Put(frame_num, 4).Put(0xabc, 12).Bytes(head);
}

H264Picture Picture(const std::vector<std::vector<std::uint8_t>>& nals) {
  Bits bits = Sps1080();
  const auto bytes = Unit(nals);
  return ParseH264Picture(bytes.data(), bytes.size(), Parse(bits.Put(0, 1)));
}

TEST(H264Picture, TellsKeyPicturesReferencesAndRecoveryPoints) {
  EXPECT_TRUE(Picture({Slice(0x65, 0)}).key);
  EXPECT_FALSE(Picture({Slice(0x41, 3)}).key);
  EXPECT_EQ(Picture({Slice(0x41, 3)}).frame_num, 3);
  EXPECT_FALSE(Picture({Slice(0x41, 3)}).disposable);
  EXPECT_TRUE(Picture({Slice(0x01, 3)}).disposable);
  EXPECT_FALSE(Picture({Slice(0x01, 3), Slice(0x41, 3)}).disposable) << "one slice is needed";
  EXPECT_FALSE(Picture({{0x67, 1}}).has_slice);
  const auto recovery = Bits().Put(6, 8).Put(1, 8).Unsigned(6).Put(0, 3).Bytes(0x06);
  EXPECT_EQ(Picture({recovery, Slice(0x41, 3)}).recovery_frames, 6);
  EXPECT_FALSE(Picture({{0x06, 0xff, 0xff}, Slice(0x41, 3)}).recovery_frames.has_value());
}

TEST(H264Sequence, NoticesMissingReferences) {
  H264Sequence sequence;
  Bits bits = Sps1080();
  const auto sps = bits.Put(0, 1).Bytes(0x67);
  const auto add = [&](const std::vector<std::vector<std::uint8_t>>& nals) {
    const auto bytes = Unit(nals);
    return sequence.Add(ParseH264Picture(bytes.data(), bytes.size(), sequence.sps()));
  };
  EXPECT_FALSE(add({sps, Slice(0x65, 0)}));
  EXPECT_FALSE(add({Slice(0x41, 1)}));
  EXPECT_FALSE(add({Slice(0x01, 2)})) << "not a reference";
  EXPECT_FALSE(add({Slice(0x41, 2)}));
  EXPECT_FALSE(add({Slice(0x41, 2)})) << "a second field";
  EXPECT_TRUE(add({Slice(0x41, 4)}));
  for (std::uint32_t number = 5; number < 40; ++number) {
    EXPECT_FALSE(add({Slice(0x41, number % 16)})) << "numbers wrap";
  }
  EXPECT_FALSE(add({sps, Slice(0x65, 0)}));
}

TEST(H264, ReadsHostileBytesWithoutHarm) {
  std::mt19937 random(17);
  Bits bits = Sps1080();
  const auto good = Unit({bits.Put(0, 1).Bytes(0x67), Slice(0x65, 0), {0x06, 6, 1, 0x84, 0x80}});
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = good;
    for (int flips = static_cast<int>(random() % 8); flips >= 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    }
    bytes.resize(random() % (bytes.size() + 1));
    const H264Picture picture = ParseH264Picture(bytes.data(), bytes.size(), std::nullopt);
    if (picture.sps) {
      EXPECT_GT(picture.sps->size.width, 0);
    }
  }
}

}  // namespace
}  // namespace jetfleet
