#include "core/media/rtp_packet.h"

namespace jetfleet {
namespace {

constexpr std::size_t kHead = 12;

std::uint32_t Big(const std::uint8_t* bytes, int count) {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

/// Where the payload begins: behind contributing sources and the extension.
std::optional<std::size_t> PayloadAt(const std::uint8_t* data, std::size_t size) {
  if (size < kHead || data[0] >> 6 != 2) return std::nullopt;
  std::size_t at = kHead + 4 * static_cast<std::size_t>(data[0] & 0x0f);
  if ((data[0] & 0x10) != 0) {
    if (size < at + 4) return std::nullopt;
    at += 4 + 4 * std::size_t{Big(data + at + 2, 2)};
  }
  return at < size ? std::optional<std::size_t>(at) : std::nullopt;
}

/// How a codec's packets name the units in them.
struct Packing {
  std::size_t head;
  int (*type)(const std::uint8_t* head);
  bool (*is_slice)(int type);
  int aggregate;
  int fragment;
  /// Of a fragment, behind its head.
  int fragment_type_bits;
};

/// RFC 6184, 5.2.
const Packing kH264 = {1,
                       [](const std::uint8_t* head) { return head[0] & 0x1f; },
                       [](int type) { return type >= 1 && type <= 5; },
                       24,
                       28,
                       0x1f};
/// RFC 7798, 4.4.
const Packing kH265 = {2,
                       [](const std::uint8_t* head) { return head[0] >> 1 & 0x3f; },
                       [](int type) { return type < 32; },
                       48,
                       49,
                       0x3f};

bool HasSlice(const Packing& packing, const std::uint8_t* data, std::size_t size) {
  if (size < packing.head) return false;
  const int type = packing.type(data);
  if (type == packing.fragment) {
    return size > packing.head && packing.is_slice(data[packing.head] & packing.fragment_type_bits);
  }
  // What interleaves pictures is not read; no camera that is known does.
  if (type != packing.aggregate) return packing.is_slice(type);
  for (std::size_t at = packing.head; at + 2 + packing.head <= size;) {
    if (packing.is_slice(packing.type(data + at + 2))) return true;
    at += 2 + std::size_t{Big(data + at, 2)};
  }
  return false;
}

}  // namespace

std::optional<RtpPacket> ParseRtpPacket(const std::uint8_t* data, std::size_t size,
                                        const std::string& encoding) {
  const auto payload = PayloadAt(data, size);
  if (!payload) return std::nullopt;
  RtpPacket packet{Big(data + 4, 4), true};
  const std::uint8_t* const begin = data + *payload;
  if (encoding == "H264") packet.has_picture = HasSlice(kH264, begin, size - *payload);
  if (encoding == "H265") packet.has_picture = HasSlice(kH265, begin, size - *payload);
  return packet;
}

}  // namespace jetfleet
