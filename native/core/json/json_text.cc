#include "core/json/json_text.h"

#include "core/json/number.h"

namespace jetfleet {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";
constexpr char kHex[] = "0123456789abcdef";

bool IsContinuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

/// Bytes of the UTF-8 character at `at`, 0 when there is none (RFC 3629 §4).
std::size_t CharacterLength(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : '\0';
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return IsContinuation(byte(1)) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return IsContinuation(byte(1)) && IsContinuation(byte(2)) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) > 0x8F;
    const bool complete =
        IsContinuation(byte(1)) && IsContinuation(byte(2)) && IsContinuation(byte(3));
    return complete && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// Bytes from `at` on that are ASCII and need no escape.
std::size_t PlainLength(const std::string& text, std::size_t at) {
  std::size_t end = at;
  for (; end < text.size(); ++end) {
    const auto byte = static_cast<unsigned char>(text[end]);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
  }
  return end - at;
}

}  // namespace

JsonText& JsonText::Null() {
  Append(comma_ ? ",null" : "null");
  comma_ = true;
  return *this;
}

JsonText& JsonText::Integer(std::uint64_t value) {
  Number(false, value, 0);
  return *this;
}

JsonText& JsonText::Fixed(double value, int decimals) {
  if (!Holds(value)) return Null();
  const std::int64_t scaled = ScaledBy(kPowersOfTen.at(static_cast<std::size_t>(decimals)), value);
  Number(scaled < 0, static_cast<std::uint64_t>(scaled < 0 ? -scaled : scaled), decimals);
  return *this;
}

JsonText& JsonText::Thousandths(std::uint64_t value) {
  Number(false, value, 3);
  return *this;
}

/// `scaled` is the number times 10^decimals.
void JsonText::Number(bool negative, std::uint64_t scaled, int decimals) {
  char* to = Room(kLongestNumber + 2);
  if (comma_) *to++ = ',';
  comma_ = true;
  if (negative) *to++ = '-';
  Written(PutScaled(to, scaled, decimals));
}

JsonText& JsonText::Text(const std::string& value) {
  char* to = Room(value.size() + 3);
  if (comma_) *to++ = ',';
  comma_ = true;
  *to++ = '"';
  std::size_t at = PlainLength(value, 0);
  std::memcpy(to, value.data(), at);
  Written(to + at);
  while (at < value.size()) {
    at += AppendSpecial(value, at);
    const std::size_t plain = PlainLength(value, at);
    Append({&value[at], plain});
    at += plain;
  }
  Append("\"");
  return *this;
}

/// Returns how many bytes of `value` are done with.
std::size_t JsonText::AppendSpecial(const std::string& value, std::size_t at) {
  const auto byte = static_cast<unsigned char>(value[at]);
  const std::size_t length = CharacterLength(value, at);
  if (length == 0) {
    Append(kReplacement);
    return 1;
  }
  if (byte == '"' || byte == '\\') {
    const char escaped[] = {'\\', value[at]};
    Append({escaped, sizeof escaped});
  } else if (byte < 0x20) {
    const char escaped[] = {'\\', 'u', '0', '0', kHex[byte >> 4U], kHex[byte & 0xFU]};
    Append({escaped, sizeof escaped});
  } else {
    Append({&value[at], length});
  }
  return length;
}

}  // namespace jetfleet
