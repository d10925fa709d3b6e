#include "core/redact.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

namespace jetfleet {
namespace {

/// The strings of a JSON file that holds nothing else that matters, in order.
std::vector<std::string> StringsOf(const std::string& path) {
  std::ifstream file(path);
  std::stringstream content;
  content << file.rdbuf();
  const std::string json = content.str();
  std::vector<std::string> strings;
  for (std::size_t at = json.find('"'); at != std::string::npos; at = json.find('"', at + 1)) {
    std::string text;
    for (++at; at < json.size() && json[at] != '"'; ++at) {
      if (json[at] == '\\') ++at;  // of \" and \\ alone
      text += json[at];
    }
    strings.push_back(text);
  }
  return strings;
}

TEST(Redact, FollowsTheTableOfCasesThatTypeScriptFollows) {
  const auto strings =
      StringsOf(std::string(JETFLEET_TEST_DIR) + "/fleet/text/redaction-cases.json");
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
