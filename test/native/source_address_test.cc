#include "core/media/source_address.h"

#include <gtest/gtest.h>

#include <map>

#include "json_strings.h"

namespace jetfleet {
namespace {

TEST(SourceAddress, FollowsTheTableOfCasesThatTypeScriptFollows) {
  /// How each verdict of the table is told here.
  const std::map<std::string, std::string> told = {
      {"scheme", "an address that begins with rtsp://"},
      {"at-sign", "no @ behind a /"},
      {"blank", "for a space, a quote or a bracket"},
      {"setting", " behind the ?"},
      {"format", "format raw, mjpeg, h264 or h265 but"},
      {"number", "a whole number from 1 to "},
      {"twice", " once but"},
  };
  const std::map<std::string, std::string> names = {{"csi:", "the number of a sensor"},
                                                    {"test", "a pattern of videotestsrc"},
                                                    {"v4l2", "a device"}};
  const auto strings = JsonStrings("fleet/spec/source-address-cases.json");
  ASSERT_GT(strings.size(), 80 * 2U);
  ASSERT_EQ(strings.size() % 2, 0U);
  for (std::size_t i = 0; i < strings.size(); i += 2) {
    const std::string& verdict = strings[i];
    const std::string& uri = strings[i + 1];
    SCOPED_TRACE(uri);
    const Status status = CheckAddress(uri);
    if (verdict == "taken") {
      EXPECT_TRUE(status.ok()) << status.message;
      continue;
    }
    EXPECT_EQ(status.code, ErrorCode::kSourceUnsupported);
    const std::string& words = verdict == "name" ? names.at(uri.substr(0, 4)) : told.at(verdict);
    EXPECT_NE(status.message.find("Expected "), std::string::npos);
    EXPECT_NE(status.message.find(words), std::string::npos) << status.message;
  }
}

TEST(SourceAddress, TakesPathsOfFiles) {
  for (const char* path : {"/videos/a.mkv", "a b.mp4", "://", "/odd://x", "C:/x", ""}) {
    EXPECT_TRUE(CheckAddress(path).ok()) << path;
  }
}

TEST(SourceAddress, ShowsNoPassword) {
  const Status status = CheckAddress("rtsp://guard:s3/cret@host/x y");
  EXPECT_EQ(status.code, ErrorCode::kSourceUnsupported);
  EXPECT_EQ(status.message.find("cret"), std::string::npos) << status.message;
}

}  // namespace
}  // namespace jetfleet
