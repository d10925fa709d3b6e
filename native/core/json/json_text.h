#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace jetfleet {

/// Writes one JSON text from left to right. It sets commas and escapes; that objects and arrays are
/// closed, and that a key stands before each member, is up to the caller.
class JsonText {
 public:
  explicit JsonText(std::size_t expected_bytes = 0) { text_.reserve(expected_bytes); }

  JsonText& BeginObject() { return Open('{'); }
  JsonText& EndObject() { return Shut('}'); }
  JsonText& BeginArray() { return Open('['); }
  JsonText& EndArray() { return Shut(']'); }
  /// `name` is ours: plain ASCII that needs no escape.
  JsonText& Key(const char* name);
  JsonText& Integer(std::uint64_t value);
  /// Rounded to `decimals` (0 to 6) places, without zeros at the end; null when JSON or the digits
  /// of a double cannot hold it (`Holds`).
  JsonText& Fixed(double value, int decimals);
  /// A thousandth of `value`, exactly: 1234 as 1.234.
  JsonText& Thousandths(std::uint64_t value);
  /// Invalid UTF-8 becomes U+FFFD.
  JsonText& Text(const std::string& value);
  JsonText& Null();

  /// Neither NaN nor infinite, and below 10^12 either way: with all decimals that is what 64 bits
  /// hold.
  static bool Holds(double value);

  std::size_t size() const { return text_.size(); }
  std::string Take() { return std::move(text_); }

 private:
  JsonText& Open(char bracket);
  JsonText& Shut(char bracket);
  void Comma();
  void Number(bool negative, std::uint64_t scaled, int decimals);
  std::size_t AppendSpecial(const std::string& value, std::size_t at);

  std::string text_;
  bool comma_ = false;
};

}  // namespace jetfleet
