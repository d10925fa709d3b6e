#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace jetfleet {

/// Writes one JSON text from left to right. It sets commas and escapes; that objects and arrays are
/// closed, and that a key stands before each member, is up to the caller.
class JsonText {
 public:
  /// `memory` of a text that is done with is written over.
  explicit JsonText(std::string memory = {}) : text_(std::move(memory)) {}

  JsonText& BeginObject() { return Open('{'); }
  JsonText& EndObject() { return Shut('}'); }
  JsonText& BeginArray() { return Open('['); }
  JsonText& EndArray() { return Shut(']'); }
  /// `name` is ours: plain ASCII that needs no escape.
  JsonText& Key(std::string_view name) {
    char* to = Room(name.size() + 4);
    if (comma_) *to++ = ',';
    *to++ = '"';
    std::memcpy(to, name.data(), name.size());
    to += name.size();
    *to++ = '"';
    *to++ = ':';
    Written(to);
    comma_ = false;
    return *this;
  }
  JsonText& Integer(std::uint64_t value);
  /// Rounded to `decimals` (0 to 6) places, without zeros at the end; null when JSON or the digits
  /// of a double cannot hold it (`Holds`).
  JsonText& Fixed(double value, int decimals);
  /// A thousandth of `value`, exactly: 1234 as 1.234.
  JsonText& Thousandths(std::uint64_t value);
  /// Invalid UTF-8 becomes U+FFFD.
  JsonText& Text(const std::string& value);
  JsonText& Null();
  /// A whole value, an object or a number, that `put` writes where it is told: at most `bytes`.
  /// Returns the end of what it wrote.
  template <typename Put>
  JsonText& Value(std::size_t bytes, Put put) {
    char* to = Room(bytes + 1);
    if (comma_) *to++ = ',';
    comma_ = true;
    Written(put(to));
    return *this;
  }

  /// Neither NaN nor infinite, and below 10^12 either way: with all decimals that is what 64 bits
  /// hold.
  static bool Holds(double value) {
    constexpr double kLargest = 1e12;
    return std::fabs(value) < kLargest;  // false of NaN
  }

  std::size_t size() const { return size_; }
  std::string Take() {
    text_.resize(std::exchange(size_, 0));
    return std::move(text_);
  }

 private:
  /// Where at least so many bytes may be written.
  char* Room(std::size_t bytes) {
    if (text_.size() - size_ < bytes) text_.resize(std::max(text_.size() * 2, size_ + bytes));
    return &text_[size_];
  }
  void Written(const char* end) { size_ = static_cast<std::size_t>(end - text_.data()); }
  void Append(std::string_view piece) {
    char* const to = Room(piece.size());
    std::memcpy(to, piece.data(), piece.size());
    Written(to + piece.size());
  }
  JsonText& Open(char bracket) {
    char* to = Room(2);
    if (comma_) *to++ = ',';
    *to++ = bracket;
    Written(to);
    comma_ = false;
    return *this;
  }
  JsonText& Shut(char bracket) {
    Append({&bracket, 1});
    comma_ = true;
    return *this;
  }
  void Number(bool negative, std::uint64_t scaled, int decimals);
  std::size_t AppendSpecial(const std::string& value, std::size_t at);

  /// As long as there is room; written up to `size_`.
  std::string text_;
  std::size_t size_ = 0;
  bool comma_ = false;
};

}  // namespace jetfleet
