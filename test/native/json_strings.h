#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace jetfleet {

/// The strings of a table of cases that TypeScript reads, too: a JSON file below test/ that holds
/// nothing else that matters, in order.
inline std::vector<std::string> JsonStrings(const std::string& path) {
  std::ifstream file(std::string(JETFLEET_TEST_DIR) + "/" + path);
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

}  // namespace jetfleet
