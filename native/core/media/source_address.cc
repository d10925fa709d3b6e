#include "core/media/source_address.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "core/media/source_uri.h"
#include "core/redact.h"

namespace jetfleet {
namespace {

constexpr char kSchemes[] = "rtsp://, rtsps://, file://, v4l2://, csi:// or test://";
constexpr int kMostPixels = 16'384;
constexpr int kMostFps = 1000;
/// "16384".
constexpr std::size_t kMostDigits = 5;

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}

bool All(const std::string& text, bool (*is_it)(unsigned char)) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_it(static_cast<unsigned char>(c)); });
}

bool IsDigit(unsigned char c) { return c >= '0' && c <= '9'; }
bool IsLower(unsigned char c) { return (c >= 'a' && c <= 'z') || IsDigit(c); }
bool IsWord(unsigned char c) { return IsLower(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

/// "rtsp://" of "rtsp://host"; empty where a path stands.
std::string SchemeOf(const std::string& uri) {
  const std::size_t end = uri.find("://");
  if (end == std::string::npos || end == 0) return "";
  const std::string name = uri.substr(0, end);
  const bool is_scheme =
      All(name, [](unsigned char c) { return IsWord(c) || c == '+' || c == '-' || c == '.'; });
  return is_scheme ? name + "://" : "";
}

/// Controls, quotes, brackets, and what Unicode calls a space (White_Space, and U+FEFF).
bool HasBlank(const std::string& text) {
  static const std::vector<std::string> wide = {"\u1680", "\u2028", "\u2029", "\u202f",
                                                "\u205f", "\u3000", "\ufeff"};
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c <= ' ' || c == 0x7f || c == '"' || c == '<' || c == '>') return true;
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0;
    // U+0080 to U+00A0; U+2000 to U+200A.
    if (c == 0xc2 && next >= 0x80 && next <= 0xa0) return true;
    if (text.compare(at, 2, "\xe2\x80") == 0 && at + 2 < text.size()) {
      const auto last = static_cast<unsigned char>(text[at + 2]);
      if (last >= 0x80 && last <= 0x8a) return true;
    }
    const auto stands_here = [&](const std::string& space) {
      return text.compare(at, space.size(), space) == 0;
    };
    if (std::any_of(wide.begin(), wide.end(), stands_here)) return true;
  }
  return false;
}

bool IsWhole(const std::string& text, int most) {
  return !text.empty() && text.size() <= kMostDigits && text[0] != '0' && All(text, IsDigit) &&
         std::stoi(text) <= most;
}

/// What is expected instead; empty when nothing is wrong.
std::string WrongName(const std::string& scheme, const std::string& name) {
  if (scheme == "csi://") {
    const bool number = name == "0" || (name.size() <= 2 && IsWhole(name, 99));
    return number ? "" : "the number of a sensor, csi://0,";
  }
  if (scheme == "test://") {
    const bool pattern = All(name, [](unsigned char c) { return IsLower(c) || c == '-'; });
    return pattern ? "" : "a pattern of videotestsrc, test://smpte or test://ball,";
  }
  const std::string folder = "/dev/";
  const bool device =
      StartsWith(name, folder) && name.size() > folder.size() &&
      All(name, [](unsigned char c) { return IsWord(c) || c == '.' || c == '/' || c == '-'; });
  return device ? "" : "a device, v4l2:///dev/video0,";
}

std::string WrongSetting(const std::string& scheme, const std::string& key,
                         const std::string& value) {
  const bool v4l2 = scheme == "v4l2://";
  if (v4l2 && key == "format") {
    const bool known = value == "raw" || value == "mjpeg" || value == "h264" || value == "h265";
    return known ? "" : "format raw, mjpeg, h264 or h265";
  }
  if (key != "width" && key != "height" && key != "fps") {
    return v4l2 ? "width, height, fps or format behind the ?" : "width, height or fps behind the ?";
  }
  const int most = key == "fps" ? kMostFps : kMostPixels;
  return IsWhole(value, most) ? ""
                              : "a whole number from 1 to " + std::to_string(most) + " for " + key;
}

std::string WrongSettings(const std::string& scheme, const std::string& settings) {
  std::set<std::string> keys;
  for (const auto& [key, value] : SplitSettings(settings)) {
    const std::string wrong = WrongSetting(scheme, key, value);
    if (!wrong.empty()) return wrong;
    if (!keys.insert(key).second) return key + " once";
  }
  return "";
}

std::string Wrong(const std::string& uri) {
  const std::string scheme = SchemeOf(uri);
  if (scheme.empty() || scheme == "file://") return "";
  const bool network = scheme == "rtsp://" || scheme == "rtsps://";
  const bool device = scheme == "v4l2://" || scheme == "csi://" || scheme == "test://";
  if (!network && !device) return std::string("an address that begins with ") + kSchemes;
  if (HasBlank(uri)) return "%20, %22, %3C or %3E for a space, a quote or a bracket";
  if (network) {
    // Nobody could tell where the password ends, and half of it would be taken for host and path.
    const std::size_t end = uri.find_first_of("/?#", scheme.size());
    const bool behind = end != std::string::npos && uri.find('@', end) != std::string::npos;
    return behind ? "no @ behind a /, ? or # (%40, and in user and password %2F, %3F, %23)" : "";
  }
  const std::size_t question = uri.find('?');
  const std::size_t length = question == std::string::npos ? question : question - scheme.size();
  const std::string wrong = WrongName(scheme, uri.substr(scheme.size(), length));
  if (!wrong.empty() || question == std::string::npos) return wrong;
  return WrongSettings(scheme, uri.substr(question + 1));
}

}  // namespace

Status CheckAddress(const std::string& uri) {
  const std::string wrong = Wrong(uri);
  if (wrong.empty()) return Status::Ok();
  return Status::Error(ErrorCode::kSourceUnsupported,
                       "Expected " + wrong + " but got " + RedactUri(uri));
}

}  // namespace jetfleet
