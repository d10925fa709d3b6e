#include "core/redact.h"

#include <gtest/gtest.h>

#include <string>

#include "json_strings.h"

namespace jetfleet {
namespace {

TEST(Redact, FollowsTheTableOfCasesThatTypeScriptFollows) {
  const auto strings = JsonStrings("fleet/text/redaction-cases.json");
  ASSERT_GT(strings.size(), 60 * 3U);
  ASSERT_EQ(strings.size() % 3, 0U);
  for (std::size_t i = 0; i < strings.size(); i += 3) {
    const std::string& given = strings[i + 1];
    EXPECT_EQ(strings[i] == "uri" ? RedactUri(given) : Redact(given), strings[i + 2]) << given;
  }
}

TEST(Redact, TakesTimeInProportionToAHostileText) {
  std::string hostile;
  for (int i = 0; i < 200'000; ++i) hostile += "a.:/@x://";
  EXPECT_LT(Redact(hostile).size(), hostile.size() + 1);
  EXPECT_LT(RedactUri(hostile).size(), hostile.size() + 1);
}

}  // namespace
}  // namespace jetfleet
