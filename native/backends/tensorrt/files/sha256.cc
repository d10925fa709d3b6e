#include "backends/tensorrt/files/sha256.h"

#include <algorithm>
#include <cstring>

namespace jetfleet {
namespace {

/// FIPS 180-4, 4.2.2.
constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr std::size_t kBlock = 64;

std::uint32_t Rotate(std::uint32_t x, unsigned by) { return (x >> by) | (x << (32U - by)); }

void PutBig(std::uint64_t value, std::size_t bytes, std::uint8_t* to) {
  for (std::size_t i = 0; i < bytes; ++i) {
    to[i] = static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
  }
}

}  // namespace

void Sha256::Block(const std::uint8_t* block) {
  std::uint32_t w[64];
  for (std::size_t i = 0; i < 16; ++i) {
    const std::uint8_t* at = block + 4 * i;
    w[i] = std::uint32_t{at[0]} << 24U | std::uint32_t{at[1]} << 16U | std::uint32_t{at[2]} << 8U |
           at[3];
  }
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t a = Rotate(w[i - 15], 7) ^ Rotate(w[i - 15], 18) ^ (w[i - 15] >> 3U);
    const std::uint32_t b = Rotate(w[i - 2], 17) ^ Rotate(w[i - 2], 19) ^ (w[i - 2] >> 10U);
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t s1 = Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25);
    const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const std::uint32_t s0 = Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22);
    const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const std::uint32_t after[] = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state_[i] += after[i];
}

void Sha256::Add(const void* bytes, std::size_t size) {
  const auto* at = static_cast<const std::uint8_t*>(bytes);
  std::size_t filled = size_ % kBlock;
  size_ += size;
  while (size > 0) {
    if (filled == 0 && size >= kBlock) {
      Block(at);
      at += kBlock;
      size -= kBlock;
      continue;
    }
    const std::size_t taken = std::min(size, kBlock - filled);
    std::memcpy(pending_.data() + filled, at, taken);
    at += taken;
    size -= taken;
    filled = (filled + taken) % kBlock;
    if (filled == 0) Block(pending_.data());
  }
}

Digest Sha256::Finish() {
  const std::uint64_t bits = size_ * 8;
  std::uint8_t padding[2 * kBlock] = {0x80};
  const std::size_t filled = size_ % kBlock;
  const std::size_t length = (filled < 56 ? kBlock : 2 * kBlock) - filled;
  PutBig(bits, 8, padding + length - 8);
  Add(padding, length);
  Digest digest;
  for (std::size_t i = 0; i < state_.size(); ++i) PutBig(state_[i], 4, digest.data() + 4 * i);
  return digest;
}

Digest Sha256Of(const void* bytes, std::size_t size) {
  Sha256 hash;
  hash.Add(bytes, size);
  return hash.Finish();
}

Digest HmacSha256(const void* key, std::size_t key_bytes, const void* bytes, std::size_t size) {
  std::array<std::uint8_t, kBlock> block{};
  if (key_bytes > kBlock) {
    const Digest digest = Sha256Of(key, key_bytes);
    std::copy(digest.begin(), digest.end(), block.begin());
  } else if (key_bytes > 0) {
    std::memcpy(block.data(), key, key_bytes);
  }
  const auto hash = [&](std::uint8_t pad, const void* content, std::size_t content_bytes) {
    std::array<std::uint8_t, kBlock> padded = block;
    for (std::uint8_t& byte : padded) byte ^= pad;
    Sha256 keyed;
    keyed.Add(padded.data(), padded.size());
    keyed.Add(content, content_bytes);
    return keyed.Finish();
  };
  const Digest inner = hash(0x36, bytes, size);
  return hash(0x5c, inner.data(), inner.size());
}

bool SameDigest(const std::uint8_t* a, const std::uint8_t* b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < Digest{}.size(); ++i)
    difference |= unsigned{a[i]} ^ unsigned { b[i] };
  return difference == 0;
}

std::string HexOf(const Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : digest) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

}  // namespace jetfleet
