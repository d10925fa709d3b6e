#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace jetfleet {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4), fed piece by piece.
class Sha256 {
 public:
  void Add(const void* bytes, std::size_t size);
  /// Ends it.
  Digest Finish();

 private:
  void Block(const std::uint8_t* block);

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> pending_{};
  std::uint64_t size_ = 0;
};

Digest Sha256Of(const void* bytes, std::size_t size);

/// HMAC (RFC 2104) with SHA-256.
Digest HmacSha256(const void* key, std::size_t key_bytes, const void* bytes, std::size_t size);

/// Takes as long wherever they differ.
bool SameDigest(const std::uint8_t* a, const std::uint8_t* b);

/// In lower-case hexadecimal.
std::string HexOf(const Digest& digest);

}  // namespace jetfleet
