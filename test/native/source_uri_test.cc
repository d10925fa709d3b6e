#include "core/media/source_uri.h"

#include <gtest/gtest.h>

namespace jetfleet {
namespace {

TEST(SourceUri, TakesUserAndPasswordOutOfTheAddress) {
  const auto uri = SourceUri::Parse("rtsp://admin:p%40ss%3aw@10.0.0.9:554/stream1?channel=2");
  EXPECT_TRUE(uri.live);
  EXPECT_EQ(uri.user, "admin");
  EXPECT_EQ(uri.password, "p@ss:w");
  EXPECT_EQ(uri.location, "rtsp://10.0.0.9:554/stream1?channel=2");
  EXPECT_EQ(uri.shown, "rtsp://***@10.0.0.9:554/stream1?***");
}

TEST(SourceUri, TakesAnUnescapedAtSignForPartOfThePassword) {
  const auto uri = SourceUri::Parse("rtsp://u:a@b@host/x");
  EXPECT_EQ(uri.password, "a@b");
  EXPECT_EQ(uri.shown, "rtsp://***@host/x");
}

TEST(SourceUri, DoesNotMistakeAnAtSignInThePathForAUser) {
  const auto uri = SourceUri::Parse("rtsp://host/x@y");
  EXPECT_EQ(uri.user, "");
  EXPECT_EQ(uri.location, "rtsp://host/x@y");
}

TEST(SourceUri, KnowsFilesByUriAndByPath) {
  EXPECT_EQ(SourceUri::Parse("file:///a%20b.mp4").location, "/a b.mp4");
  EXPECT_EQ(SourceUri::Parse("/a%20b.mp4").location, "/a%20b.mp4");
  EXPECT_FALSE(SourceUri::Parse("file:///a.mp4").live);
}

TEST(SourceUri, KeepsBrokenEscapesAsTheyStand) {
  EXPECT_EQ(SourceUri::Parse("rtsp://u:100%@h/x").password, "100%");
  EXPECT_EQ(SourceUri::Parse("file:///a%zz").location, "/a%zz");
}

}  // namespace
}  // namespace jetfleet
