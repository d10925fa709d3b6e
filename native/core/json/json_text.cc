#include "core/json/json_text.h"

#include <array>
#include <cmath>

namespace jetfleet {
namespace {

constexpr double kLargest = 1e12;
constexpr std::array<std::uint64_t, 7> kPowers = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000};
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

bool JsonText::Holds(double value) { return std::fabs(value) < kLargest; }  // false of NaN

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
  const auto power = static_cast<double>(kPowers.at(static_cast<std::size_t>(decimals)));
  // As llround, which is a call: half away from zero.
  const auto scaled = static_cast<std::int64_t>(value * power + std::copysign(0.5, value));
  Number(scaled < 0, static_cast<std::uint64_t>(scaled < 0 ? -scaled : scaled), decimals);
  return *this;
}

JsonText& JsonText::Thousandths(std::uint64_t value) {
  Number(false, value, 3);
  return *this;
}

/// `scaled` is the number times 10^decimals. Written from its end into one piece, for most of what
/// is written is numbers.
void JsonText::Number(bool negative, std::uint64_t scaled, int decimals) {
  constexpr std::size_t kLongest = 32;
  std::array<char, kLongest> piece{};
  std::size_t begin = piece.size();
  const auto put = [&](char c) { piece[--begin] = c; };
  for (; decimals > 0; --decimals) {
    const char digit = static_cast<char>('0' + scaled % 10);
    scaled /= 10;
    if (begin < piece.size() || digit != '0') put(digit);
  }
  if (begin < piece.size()) put('.');
  do {
    put(static_cast<char>('0' + scaled % 10));
    scaled /= 10;
  } while (scaled > 0);
  if (negative) put('-');
  if (comma_) put(',');
  comma_ = true;
  Append({&piece[begin], piece.size() - begin});
}

JsonText& JsonText::Text(const std::string& value) {
  Append(comma_ ? ",\"" : "\"");
  comma_ = true;
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t plain = PlainLength(value, at);
    Append({&value[at], plain});
    at += plain;
    if (at < value.size()) at += AppendSpecial(value, at);
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
