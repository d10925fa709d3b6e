#include "core/media/picture_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace jetfleet {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Marks = std::vector<PictureMark>;

Bytes Unit(Bytes head, std::size_t size, std::uint8_t fill) {
  head.resize(size, fill);
  return head;
}

/// With start codes of 3 and 4 bytes in turn.
Bytes Stream(const std::vector<Bytes>& units) {
  Bytes bytes;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (i % 2 == 0) bytes.push_back(0);
    bytes.insert(bytes.end(), {0, 0, 1});
    bytes.insert(bytes.end(), units[i].begin(), units[i].end());
  }
  return bytes;
}

/// In pieces of so many bytes.
Marks Scan(NalCodec codec, const Bytes& bytes, std::size_t piece) {
  PictureScan scan(codec);
  Marks marks;
  const auto take = [&](const Marks& more) { marks.insert(marks.end(), more.begin(), more.end()); };
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    take(scan.Add(bytes.data() + at, std::min(piece, bytes.size() - at)));
  }
  take(scan.End());
  return marks;
}

// Sets, a key picture, one of two slices, a short one, one as long as what is looked at, and one
// that ends in what looks like the beginning of a start code.
const std::vector<Bytes> kH264 = {
    {0x67, 0x42, 0x80},         {0x68, 0xce},
    Unit({0x65, 0x88}, 90, 7),  Unit({0x41, 0x9a, 1}, 60, 3),
    Unit({0x41, 0x1a}, 50, 3),  {0x41, 0x9b, 2},
    Unit({0x41, 0x9c}, 31, 9),  Unit({0x41, 0x9d}, 32, 9),
    Unit({0x41, 0x9e}, 33, 9),  Unit({0x06, 0x85}, 40, 1),
    Unit({0x41, 0x9f}, 200, 4),
};

TEST(PictureScan, KnowsThePicturesOfAStreamHoweverItIsCut) {
  const Bytes bytes = Stream(kH264);
  const Marks whole = Scan(NalCodec::kH264, bytes, bytes.size());
  EXPECT_EQ(whole.size(), 7U);
  for (std::size_t piece = 1; piece < 50; ++piece) {
    EXPECT_EQ(Scan(NalCodec::kH264, bytes, piece), whole) << piece;
  }
}

TEST(PictureScan, GivesEachTheMarkThatItHasBehindTheParser) {
  const Marks marks = Scan(NalCodec::kH264, Stream(kH264), 7);
  const std::vector<std::vector<Bytes>> pictures = {{kH264[0], kH264[1], kH264[2]},
                                                    {kH264[3], kH264[4]},
                                                    {kH264[5]},
                                                    {kH264[6]},
                                                    {kH264[7]},
                                                    {kH264[8]},
                                                    {kH264[9], kH264[10]}};
  ASSERT_EQ(marks.size(), pictures.size());
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    // A parser's start codes are its own.
    Bytes parsed = Stream(pictures[i]);
    EXPECT_EQ(MarkOf(NalCodec::kH264, parsed.data(), parsed.size()), marks[i]) << i;
    parsed.insert(parsed.begin(), {0, 0, 0, 1, 9, 0xf0});
    EXPECT_EQ(MarkOf(NalCodec::kH264, parsed.data(), parsed.size()), marks[i]) << i;
  }
}

TEST(PictureScan, IsNotMisledByZerosBehindAUnit) {
  for (std::size_t size = 28; size < 37; ++size) {
    for (std::size_t zeros = 0; zeros < 9; ++zeros) {
      Bytes bytes = Stream({Unit({0x41, 0x9a}, size, 5)});
      const PictureMark mark = MarkOf(NalCodec::kH264, bytes.data(), bytes.size());
      bytes.insert(bytes.end(), zeros, 0);
      const Bytes next = Stream({{0x09, 0xf0}});
      bytes.insert(bytes.end(), next.begin(), next.end());
      EXPECT_EQ(Scan(NalCodec::kH264, bytes, 5), Marks{mark}) << size << " and " << zeros;
    }
  }
}

TEST(PictureScan, OfH265CountsThePicturesOfTheBaseLayer) {
  const std::vector<Bytes> units = {
      {0x40, 0x01, 0x80},               // VPS
      Unit({0x26, 0x01, 0xaf}, 60, 7),  // IDR
      Unit({0x26, 0x01, 0x2f}, 60, 7),  // its second segment
      Unit({0x02, 0x01, 0xd0}, 60, 3),  // trailing
      Unit({0x02, 0x09, 0xd0}, 60, 3),  // the same of another layer
      {0x4e, 0x01, 0x85, 1},            // SEI
  };
  const Marks marks = Scan(NalCodec::kH265, Stream(units), 11);
  ASSERT_EQ(marks.size(), 2U);
  const Bytes parsed = Stream({units[3], units[4]});
  EXPECT_EQ(MarkOf(NalCodec::kH265, parsed.data(), parsed.size()), marks[1]);
}

TEST(PictureScan, ToldByWhatIsLeftWhereTheFirstSliceIsBrokenAway) {
  const Bytes rest = Stream({kH264[4]});
  const Bytes message = Stream({kH264[9]});
  EXPECT_NE(MarkOf(NalCodec::kH264, rest.data(), rest.size()), 0U);
  EXPECT_NE(MarkOf(NalCodec::kH264, rest.data(), rest.size()),
            MarkOf(NalCodec::kH264, message.data(), message.size()));
  EXPECT_NE(MarkOf(NalCodec::kH264, nullptr, 0), 0U);
}

TEST(PictureScan, OfASampleKnowsPicturesFromSets) {
  const Bytes sets = {0, 3, 0x67, 0x42, 0x80, 0, 2, 0x68, 0xce};
  Bytes picture = sets;
  picture.insert(picture.end(), {0, 2, 0x65, 0x88});
  Bytes cut = sets;
  cut.insert(cut.end(), {0, 90, 0x06});
  const auto has = [](NalCodec codec, const Bytes& sample) {
    return SampleHasPicture(codec, 2, sample.data(), sample.size());
  };
  EXPECT_FALSE(has(NalCodec::kH264, sets));
  EXPECT_TRUE(has(NalCodec::kH264, picture));
  EXPECT_TRUE(has(NalCodec::kH264, cut)) << "what is broken is one";
  EXPECT_FALSE(has(NalCodec::kH265, {0, 3, 0x40, 0x01, 0x80}));
  EXPECT_TRUE(has(NalCodec::kH265, {0, 3, 0x26, 0x01, 0x80}));
}

}  // namespace
}  // namespace jetfleet
