#include "core/media/arrivals.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/media/rtp_packet.h"

namespace jetfleet {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Arrivals, TellsOfWhatIsWithheldUpToTheFirstPictureThatLeaves) {
  Arrivals arrivals;
  std::size_t told = 0;
  for (GstClockTime pts = 0; pts < 15; ++pts) {
    const Arrivals::Withheld withheld = arrivals.Came(pts);
    EXPECT_EQ(withheld.reason, DropReason::kBeforeKeyFrame);
    told += withheld.count;
  }
  EXPECT_EQ(told, 12U) << "the last few may yet leave";
  arrivals.Came(15);
  const Arrivals::Withheld withheld = arrivals.Left(15);
  EXPECT_EQ(withheld.reason, DropReason::kBeforeKeyFrame);
  EXPECT_EQ(told + 1 + withheld.count, 15U);
}

TEST(Arrivals, OfAStreamThatLeavesAsItComesTellsNothing) {
  Arrivals arrivals;
  // In the order of decoding, one picture behind.
  const std::vector<GstClockTime> times = {0, 120, 40, 80, 240, 160, 200};
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(arrivals.Came(times[i]).count, 0U);
    if (i > 0) {
      EXPECT_EQ(arrivals.Left(times[i - 1]).count, 0U);
    }
  }
}

TEST(Arrivals, WhatIsWithheldLaterIsBroken) {
  Arrivals arrivals;
  arrivals.Came(0);
  arrivals.Left(0);
  arrivals.Came(40);
  arrivals.Came(80);
  const Arrivals::Withheld withheld = arrivals.Left(80);
  EXPECT_EQ(withheld.count, 1U);
  EXPECT_EQ(withheld.reason, DropReason::kCorrupt);
}

TEST(Arrivals, APictureInTwoPartsOrOfAnotherTimeIsNoOtherPicture) {
  Arrivals arrivals;
  arrivals.Came(0);
  EXPECT_EQ(arrivals.Left(0).count, 0U);
  EXPECT_EQ(arrivals.Left(0).count, 0U);
  arrivals.Came(40);
  EXPECT_EQ(arrivals.Left(41).count, 0U);
  arrivals.Came(80);
  EXPECT_EQ(arrivals.Left(80).count, 0U);
}

TEST(Arrivals, WhatLeavesWithoutATimeIsOfTheTimeBefore) {
  // After a stall many pictures come at once, which the jitter buffer gives one time.
  Arrivals arrivals;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(arrivals.Came(40).count, 0U);
    EXPECT_EQ(arrivals.Left(i == 0 ? 40 : GST_CLOCK_TIME_NONE).count, 0U);
  }
  // Parameter sets that end like a picture take the time of the picture behind them.
  arrivals.Came(80);
  arrivals.Came(120);
  arrivals.PassedBy(160);
  arrivals.Came(160);
  EXPECT_EQ(arrivals.Left(GST_CLOCK_TIME_NONE).count, 2U);
}

TEST(Arrivals, WhatIsInsideAtTheEndIsWithheld) {
  Arrivals arrivals;
  arrivals.Came(0);
  arrivals.Came(40);
  const Arrivals::Withheld all = arrivals.Ended();
  EXPECT_EQ(all.count, 2U);
  EXPECT_EQ(all.reason, DropReason::kBeforeKeyFrame);
  EXPECT_EQ(arrivals.Ended().count, 0U);
  arrivals.Came(80);
  arrivals.Left(80);
  arrivals.Came(120);
  EXPECT_EQ(arrivals.Ended().reason, DropReason::kCorrupt);
}

TEST(Arrivals, ManyMayComeAtOnceWhereTheyDo) {
  Arrivals arrivals;
  arrivals.SetMostInside(Arrivals::kMany);
  for (Arrivals::Name mark = 1; mark <= 100; ++mark) EXPECT_EQ(arrivals.Came(mark).count, 0U);
  EXPECT_EQ(arrivals.Left(1).count, 0U);
  // One whose first slice the parser kept is the one whose turn it is.
  EXPECT_EQ(arrivals.Left(7777).count, 0U);
  EXPECT_EQ(arrivals.Left(5).count, 2U);
  EXPECT_EQ(arrivals.Ended().count, 95U);
}

TEST(Arrivals, OfASourceThatTellsNoArrivalsNothingIsKnown) {
  Arrivals arrivals;
  for (GstClockTime pts = 0; pts < 5; ++pts) EXPECT_EQ(arrivals.Left(pts).count, 0U);
}

Bytes Packet(const Bytes& payload, Bytes head = {0x80, 96}) {
  head.insert(head.end(), {0, 7, 0x01, 0x02, 0x03, 0x04, 0, 0, 0, 9});
  head.insert(head.end(), payload.begin(), payload.end());
  return head;
}

TEST(RtpPacket, KnowsPicturesFromWhatTheyNeed) {
  struct Case {
    const char* what;
    const char* encoding;
    Bytes payload;
    bool has_picture;
  };
  const std::vector<Case> cases = {
      {"a slice", "H264", {0x41, 0x9a}, true},
      {"a key picture's slice", "H264", {0x65, 0x88}, true},
      {"a parameter set", "H264", {0x67, 0x42}, false},
      {"a message beside pictures", "H264", {0x06, 0x05}, false},
      {"sets alone, aggregated", "H264", {24, 0, 2, 0x67, 1, 0, 2, 0x68, 1}, false},
      {"a set and a slice, aggregated", "H264", {24, 0, 2, 0x67, 1, 0, 2, 0x65, 1}, true},
      {"an aggregate that is cut off", "H264", {24, 0, 200, 0x67}, false},
      {"a fragment of a slice", "H264", {0x7c, 0x05, 1}, true},
      {"a fragment of a message", "H264", {0x7c, 0x86, 1}, false},
      {"a slice of H.265", "H265", {0x02, 0x01, 1}, true},
      {"a key picture's slice of H.265", "H265", {0x26, 0x01, 1}, true},
      {"a parameter set of H.265", "H265", {0x42, 0x01, 1}, false},
      {"a fragment of H.265", "H265", {0x62, 0x01, 0x93, 1}, true},
      {"a fragment of a set of H.265", "H265", {0x62, 0x01, 0xa1, 1}, false},
      {"sets of H.265", "H265", {0x60, 0x01, 0, 2, 0x40, 1, 0, 2, 0x42, 1}, false},
      {"a set and a slice of H.265", "H265", {0x60, 0x01, 0, 2, 0x40, 1, 0, 2, 0x26, 1}, true},
      {"half a head of H.265", "H265", {0x26}, false},
      {"a scan of JPEG", "JPEG", {0, 0, 0, 0, 1, 64, 20, 15}, true},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    const Bytes bytes = Packet(each.payload);
    const auto packet = ParseRtpPacket(bytes.data(), bytes.size(), each.encoding);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->time, 0x01020304U);
    EXPECT_EQ(packet->has_picture, each.has_picture);
  }
}

TEST(RtpPacket, LooksBehindContributingSourcesAndExtensions) {
  const Bytes behind = {0xaa, 0xaa, 0xaa, 0xaa, 0xbe, 0xde, 0, 1, 0x10, 0, 0, 0, 0x67, 0x42};
  const Bytes bytes = Packet(behind, {0x91, 96});
  const auto packet = ParseRtpPacket(bytes.data(), bytes.size(), "H264");
  ASSERT_TRUE(packet);
  EXPECT_FALSE(packet->has_picture);
}

TEST(RtpPacket, IsNotMadeOfOtherBytes) {
  Bytes whole = Packet({0xbe, 0xde, 0, 1, 0x10, 0, 0, 0, 0x65, 0x42}, {0x90, 96});
  for (std::size_t size = 0; size < whole.size() - 1; ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(ParseRtpPacket(cut.data(), cut.size(), "H264")) << size;
  }
  whole[0] = 0x50;
  EXPECT_FALSE(ParseRtpPacket(whole.data(), whole.size(), "H264"));
}

}  // namespace
}  // namespace jetfleet
