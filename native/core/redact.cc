#include "core/redact.h"

#include <algorithm>
#include <cctype>

namespace jetfleet {
namespace {

constexpr char kHidden[] = "***";
/// Longer schemes are not looked for, so that a hostile text costs no more than its length.
constexpr std::size_t kMaxScheme = 32;
/// Where a URI ends within a text: none of these may stand in one.
constexpr char kUriEnd[] = " \t\n\v\f\r\"<>";

bool IsAlpha(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsIn(char c, const char* set) { return std::string(set).find(c) != std::string::npos; }

/// The scheme that ends before `colon`, in lower case; empty when there is none.
std::string SchemeBefore(const std::string& text, std::size_t colon, std::size_t from) {
  from = std::max(from, colon - std::min(colon, kMaxScheme));
  std::size_t begin = colon;
  while (begin > from &&
         (IsAlpha(text[begin - 1]) || IsDigit(text[begin - 1]) || IsIn(text[begin - 1], "+.-"))) {
    --begin;
  }
  while (begin < colon && !IsAlpha(text[begin])) ++begin;
  std::string scheme = text.substr(begin, colon - begin);
  for (char& c : scheme) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return scheme;
}

/// A host with or without a port, and the punctuation of a sentence behind it.
bool IsPlainHost(const std::string& text) {
  std::size_t at = 0;
  if (!text.empty() && text[0] == '[') {
    at = text.find_first_not_of("0123456789abcdefABCDEF:.", 1);
    if (at == std::string::npos || text[at] != ']') return false;
    ++at;
  } else {
    at = std::min(text.find_first_of(":[]"), text.size());
  }
  if (at < text.size() && text[at] == ':') ++at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  return text.find_first_not_of(".,:;!)]'", at) == std::string::npos;
}

/// Host and path up to where they may say something secret.
std::string Cut(const std::string& rest, const std::string& scheme) {
  std::size_t first = rest.find_first_of("=?#");
  const std::size_t path = rest.find_first_of("/?#=");
  // "/live/admin:secret/1" is known of cameras only; elsewhere names hold colons.
  if ((scheme == "rtsp" || scheme == "rtsps") && path != std::string::npos) {
    first = std::min(first, rest.find(':', path));
  }
  if (first == std::string::npos || first + 1 >= rest.size()) return rest;
  return rest.substr(0, first + 1) + kHidden;
}

/// What follows the slashes of a URI.
std::string RedactBody(const std::string& scheme, std::size_t slashes, const std::string& body) {
  const std::size_t at = body.rfind('@');
  if (at == std::string::npos) {
    // "/usr/bin:/bin", "file:///videos/a=b.mp4"
    if (slashes == 1 || (slashes == 3 && scheme == "file")) return body;
    return IsPlainHost(body.substr(0, body.find_first_of("/?#"))) ? Cut(body, scheme) : kHidden;
  }
  if (body.substr(0, at).find_first_of("/?#=") != std::string::npos) return kHidden;
  return std::string(kHidden) + "@" + Cut(body.substr(at + 1), scheme);
}

std::size_t AfterSlashes(const std::string& text, std::size_t from) {
  return std::min(text.find_first_not_of('/', from), text.size());
}

}  // namespace

std::string Redact(const std::string& text) {
  std::string shown;
  std::size_t done = 0;
  std::size_t colon = text.find(":/");
  while (colon != std::string::npos) {
    const std::string scheme = SchemeBefore(text, colon, done);
    if (!scheme.empty()) {
      const std::size_t begin = AfterSlashes(text, colon + 1);
      const std::size_t end = std::min(text.find_first_of(kUriEnd, begin), text.size());
      shown += text.substr(done, begin - done);
      shown += RedactBody(scheme, begin - colon - 1, text.substr(begin, end - begin));
      done = end;
    }
    colon = text.find(":/", std::max(done, colon + 1));
  }
  return shown + text.substr(done);
}

std::string RedactUri(const std::string& uri) {
  const std::size_t colon = uri.find(":/");
  if (colon != std::string::npos) {
    const std::string scheme = SchemeBefore(uri, colon, 0);
    if (!scheme.empty() && scheme.size() == colon) {
      const std::size_t begin = AfterSlashes(uri, colon + 1);
      return uri.substr(0, begin) + RedactBody(scheme, begin - colon - 1, uri.substr(begin));
    }
  }
  const std::size_t at = uri.rfind('@');
  if (at == std::string::npos || uri.substr(0, at).find(':') == std::string::npos) return uri;
  return std::string(kHidden) + "@" + Cut(uri.substr(at + 1), "");
}

}  // namespace jetfleet
