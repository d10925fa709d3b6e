#include "core/sei.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/media/nal.h"

namespace jetfleet {
namespace {

constexpr char kUuid[] = "jetfleet-frame-1";
constexpr std::size_t kUuidSize = 16;
static_assert(sizeof(kUuid) == kUuidSize + 1);
constexpr std::size_t kPayloadSize = kUuidSize + 8 + 8;
static_assert(kPayloadSize < 255, "the size must fit one ff-coded byte");

constexpr std::uint8_t kNalSei = 6;
constexpr std::uint8_t kUserDataUnregistered = 5;

void PutU64(std::vector<std::uint8_t>* out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out->push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

std::uint64_t GetU64(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

/// H.264 7.4.1: within a NAL unit no 00 00 {00,01,02,03}; a 03 is put between.
void AppendEscaped(std::vector<std::uint8_t>* out, const std::vector<std::uint8_t>& rbsp) {
  int zeros = 0;
  for (std::uint8_t byte : rbsp) {
    if (zeros == 2 && byte <= 3) {
      out->push_back(3);
      zeros = 0;
    }
    out->push_back(byte);
    zeros = byte == 0 ? zeros + 1 : 0;
  }
}

/// Value of a sum of ff bytes and one last byte (H.264 7.3.2.3.1); false when the data end before.
bool ReadFfCoded(const std::vector<std::uint8_t>& rbsp, std::size_t* at, std::size_t* value) {
  *value = 0;
  while (*at < rbsp.size()) {
    std::uint8_t byte = rbsp[(*at)++];
    *value += byte;
    if (byte != 0xff) return true;
  }
  return false;
}

std::optional<FrameTag> TagOfSei(const std::vector<std::uint8_t>& rbsp) {
  std::size_t at = 0;
  // The last byte holds the rbsp trailing bits: no message begins there.
  while (at + 1 < rbsp.size()) {
    std::size_t type = 0;
    std::size_t size = 0;
    if (!ReadFfCoded(rbsp, &at, &type) || !ReadFfCoded(rbsp, &at, &size)) return std::nullopt;
    if (size > rbsp.size() - at) return std::nullopt;
    const std::uint8_t* payload = rbsp.data() + at;
    if (type == kUserDataUnregistered && size == kPayloadSize &&
        std::memcmp(payload, kUuid, kUuidSize) == 0) {
      return FrameTag{GetU64(payload + kUuidSize), GetU64(payload + kUuidSize + 8)};
    }
    at += size;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::uint8_t> BuildFrameTagSei(const FrameTag& tag) {
  std::vector<std::uint8_t> rbsp{kUserDataUnregistered, kPayloadSize};
  rbsp.insert(rbsp.end(), kUuid, kUuid + kUuidSize);
  PutU64(&rbsp, tag.frame_number);
  PutU64(&rbsp, tag.captured_at_us);
  rbsp.push_back(0x80);  // rbsp_trailing_bits

  std::vector<std::uint8_t> nal{0, 0, 0, 1, kNalSei};
  AppendEscaped(&nal, rbsp);
  return nal;
}

std::optional<FrameTag> ParseFrameTag(const std::uint8_t* data, std::size_t size) {
  std::optional<FrameTag> tag;
  ForEachNal(data, size, [&tag](const std::uint8_t* nal, std::size_t nal_size) {
    const std::uint8_t type = nal[0] & 0x1f;
    if (type >= 1 && type <= 5) return false;
    if (type == kNalSei) tag = TagOfSei(UnescapeNal(nal + 1, nal_size - 1, nal_size - 1));
    return !tag.has_value();
  });
  return tag;
}

}  // namespace jetfleet
