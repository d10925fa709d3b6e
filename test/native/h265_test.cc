#include "core/media/h265.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace jetfleet {
namespace {

/// Sequence parameter sets that x265 wrote (320 × 240, Main), with what `ffprobe` reads of them.
const std::vector<std::uint8_t> kBt709Full = {
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
    0x03, 0x00, 0x3c, 0xa0, 0x0a, 0x08, 0x0f, 0x16, 0x59, 0x59, 0xa4, 0x93, 0x2b, 0xc0, 0x5b,
    0x80, 0x80, 0x80, 0x82, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x32, 0x10,
};

CodedPicture ReadOne(PictureReader* reader, std::vector<std::uint8_t> nal) {
  nal.insert(nal.begin(), {0, 0, 1});
  return reader->Read(nal.data(), nal.size(), false);
}

/// Type and temporal layer of a slice.
std::vector<std::uint8_t> Slice(int type, int layer = 0) {
  return {static_cast<std::uint8_t>(type << 1), static_cast<std::uint8_t>(layer + 1), 0x80, 0x12};
}

TEST(H265Sps, ReadsColoursOfAnEncodersOwnSet) {
  const auto sps = ParseH265Sps(kBt709Full.data(), kBt709Full.size());
  ASSERT_TRUE(sps.has_value());
  EXPECT_EQ(sps->top_layer, 0);
  EXPECT_EQ(sps->matrix, ColorMatrix::kBt709);
  EXPECT_EQ(sps->range, ColorRange::kFull);
}

TEST(H265Sps, IsNoneWhereItIsCutShort) {
  for (std::size_t size = 0; size < 24; ++size) {
    EXPECT_FALSE(ParseH265Sps(kBt709Full.data(), size).has_value()) << size;
  }
}

TEST(H265Sps, SurvivesWhatIsNoise) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> bytes = kBt709Full;
    for (int i = 0; i < 4; ++i) bytes[2 + random() % (bytes.size() - 2)] = random() & 0xff;
    bytes.resize(2 + random() % (bytes.size() - 2));
    ParseH265Sps(bytes.data(), bytes.size());
  }
}

TEST(H265, KnowsWhereDecodingMayBegin) {
  const auto reader = ReadH265();
  for (int type = 0; type < 48; ++type) {
    const CodedPicture picture = ReadOne(reader.get(), Slice(type));
    EXPECT_EQ(picture.key, type >= 16 && type <= 23) << type;
    EXPECT_EQ(picture.has_slice, type < 32) << type;
    EXPECT_FALSE(picture.disposable) << type << ": the number of layers is not known yet";
  }
}

TEST(H265, OnlyTheTopLayerIsDisposable) {
  const auto reader = ReadH265();
  ReadOne(reader.get(), kBt709Full);
  EXPECT_TRUE(ReadOne(reader.get(), Slice(0)).disposable);
  EXPECT_FALSE(ReadOne(reader.get(), Slice(1)).disposable);
  EXPECT_TRUE(ReadOne(reader.get(), Slice(8)).disposable);
  EXPECT_FALSE(ReadOne(reader.get(), Slice(16)).disposable);
  EXPECT_EQ(reader->signal().range, ColorRange::kFull);
}

TEST(CodedPictures, OfJpegStandByThemselves) {
  const auto reader = ReadJpeg();
  const CodedPicture picture = reader->Read(nullptr, 0, false);
  EXPECT_TRUE(picture.key && picture.disposable);
  EXPECT_EQ(reader->signal().range, ColorRange::kFull);
  EXPECT_EQ(reader->signal().matrix, ColorMatrix::kBt601);
}

TEST(CodedPictures, OfOthersAreKeysWhereNothingSaysOtherwise) {
  const auto reader = ReadFlagged();
  EXPECT_TRUE(reader->Read(nullptr, 0, false).key);
  EXPECT_FALSE(reader->Read(nullptr, 0, true).key);
  EXPECT_FALSE(reader->signal().matrix.has_value());
}

}  // namespace
}  // namespace jetfleet
