#include "core/json/json_text.h"

#include <array>
#include <cmath>

namespace jetfleet {
namespace {

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

char Digit(std::uint64_t value) { return static_cast<char>('0' + value); }

/// 00 to 99, one after the other.
constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = static_cast<char>('0' + (i % 2 == 0 ? i / 20 : i / 2 % 10));
  }
  return pairs;
}();

char* PutPair(char* to, std::uint64_t value) {
  std::memcpy(to, &kPairs[2 * value], 2);
  return to + 2;
}

/// Without zeros in front. Returns its end, as the others do.
char* PutWhole(char* to, std::uint64_t value) {
  if (value >= 10'000) {
    const std::uint64_t low = value % 10'000;
    return PutPair(PutPair(PutWhole(to, value / 10'000), low / 100), low % 100);
  }
  if (value >= 1000) return PutPair(PutPair(to, value / 100), value % 100);
  if (value >= 100) {
    *to = Digit(value / 100);
    return PutPair(to + 1, value % 100);
  }
  if (value >= 10) return PutPair(to, value);
  *to = Digit(value);
  return to + 1;
}

/// So many digits behind the point, without zeros at the end; `value` is not 0.
char* PutFraction(char* to, std::uint64_t value, int digits) {
  *to = '.';
  char* end = to + digits + 1;
  for (char* at = end; at - to > 2; value /= 100) PutPair(at -= 2, value % 100);
  if (digits % 2 != 0) to[1] = Digit(value);
  while (end[-1] == '0') --end;
  return end;
}

/// `scaled` × 10^-decimals. Divides by constants where it is done most: that is several times as
/// fast.
char* PutNumber(char* to, std::uint64_t scaled, int decimals) {
  const auto put = [&](std::uint64_t power) {
    const std::uint64_t rest = scaled % power;
    to = PutWhole(to, scaled / power);
    return rest == 0 ? to : PutFraction(to, rest, decimals);
  };
  switch (decimals) {
    case 0:
      return PutWhole(to, scaled);
    case 2:
      return put(100);
    case 4:
      return put(10'000);
    default:
      return put(kPowers.at(static_cast<std::size_t>(decimals)));
  }
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

/// `scaled` is the number times 10^decimals.
void JsonText::Number(bool negative, std::uint64_t scaled, int decimals) {
  constexpr std::size_t kLongest = 32;
  char* to = Room(kLongest);
  if (comma_) *to++ = ',';
  comma_ = true;
  if (negative) *to++ = '-';
  Written(PutNumber(to, scaled, decimals));
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
