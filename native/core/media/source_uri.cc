#include "core/media/source_uri.h"

#include <cctype>

#include "core/redact.h"

namespace jetfleet {
namespace {

bool StartsWith(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

std::string PercentDecode(const std::string& text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
    if (escape) {
      decoded += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

SourceUri ParseLive(const std::string& uri) {
  SourceUri parsed;
  parsed.kind = SourceKind::kRtsp;
  parsed.live = true;
  const std::size_t authority = uri.find("://") + 3;
  const std::size_t path = uri.find_first_of("/?#", authority);
  const std::string host_part =
      uri.substr(authority, path == std::string::npos ? path : path - authority);
  const std::string scheme = uri.substr(0, authority);
  const std::string rest = path == std::string::npos ? "" : uri.substr(path);

  // The last @ ends the user part: passwords with an unescaped @ are common in the field.
  const std::size_t at = host_part.rfind('@');
  const std::string host = at == std::string::npos ? host_part : host_part.substr(at + 1);
  if (at != std::string::npos) {
    const std::string user_part = host_part.substr(0, at);
    const std::size_t colon = user_part.find(':');
    parsed.user = PercentDecode(user_part.substr(0, colon));
    if (colon != std::string::npos) parsed.password = PercentDecode(user_part.substr(colon + 1));
  }
  parsed.location = scheme + host + rest;
  parsed.shown = RedactUri(uri);
  return parsed;
}

SourceUri ParseDevice(SourceKind kind, const std::string& uri) {
  SourceUri parsed;
  parsed.kind = kind;
  parsed.live = true;
  parsed.shown = RedactUri(uri);
  const std::size_t begin = uri.find("://") + 3;
  const std::size_t question = uri.find('?', begin);
  parsed.location = uri.substr(begin, question - begin);
  if (question == std::string::npos) return parsed;
  for (const auto& [key, value] : SplitSettings(uri.substr(question + 1))) {
    parsed.settings[key] = value;
  }
  return parsed;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> SplitSettings(const std::string& settings) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::size_t next = settings.find('&', at);
    const std::string setting = settings.substr(at, next == std::string::npos ? next : next - at);
    const std::size_t equals = setting.find('=');
    pairs.emplace_back(setting.substr(0, equals),
                       equals == std::string::npos ? "" : setting.substr(equals + 1));
    at = next == std::string::npos ? next : next + 1;
  }
  return pairs;
}

SourceUri SourceUri::Parse(const std::string& uri) {
  if (StartsWith(uri, "v4l2://")) return ParseDevice(SourceKind::kV4l2, uri);
  if (StartsWith(uri, "csi://")) return ParseDevice(SourceKind::kCsi, uri);
  if (StartsWith(uri, "test://")) return ParseDevice(SourceKind::kTest, uri);
  if (StartsWith(uri, "rtsp://") || StartsWith(uri, "rtsps://")) return ParseLive(uri);
  SourceUri parsed;
  parsed.location = StartsWith(uri, "file://") ? PercentDecode(uri.substr(7)) : uri;
  parsed.shown = RedactUri(parsed.location);
  return parsed;
}

}  // namespace jetfleet
