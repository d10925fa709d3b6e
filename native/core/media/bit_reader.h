#pragma once

#include <cstddef>
#include <cstdint>

namespace jetfleet {

/// Reads the bits of a raw byte sequence, most significant first. Past the end it reads zeros and
/// `ok` becomes false: callers check once, at the end.
class BitReader {
 public:
  BitReader(const std::uint8_t* data, std::size_t size) : data_(data), bits_(size * 8) {}

  bool ok() const { return ok_; }
  bool Flag() { return Bits(1) != 0; }

  /// At most 32.
  std::uint32_t Bits(int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 1 | Next();
    return value;
  }

  /// ue(v) of H.264, 9.1. Longer codes than a conforming stream has are an error.
  std::uint32_t Unsigned() {
    int zeros = 0;
    while (ok_ && Next() == 0) ++zeros;
    if (zeros > 31) ok_ = false;
    return ok_ ? (1U << zeros) - 1 + Bits(zeros) : 0;
  }

  /// se(v)
  std::int32_t Signed() {
    const std::uint32_t code = Unsigned();
    const auto half = static_cast<std::int32_t>((code + 1) / 2);
    return code % 2 == 0 ? -half : half;
  }

 private:
  std::uint32_t Next() {
    if (at_ >= bits_) {
      ok_ = false;
      return 0;
    }
    const std::uint32_t bit = data_[at_ / 8] >> (7 - at_ % 8) & 1U;
    ++at_;
    return bit;
  }

  const std::uint8_t* data_;
  std::size_t bits_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace jetfleet
