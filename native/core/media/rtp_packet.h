#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace jetfleet {

/// What an RTP packet of video tells without being unpacked (RFC 3550, 5.1).
struct RtpPacket {
  /// By the camera's clock of the stream; all packets of a picture have the same.
  std::uint32_t time = 0;
  /// There is some of a picture in it, and not only what pictures need: parameter sets and the like
  /// may come in packets, and with times, of their own.
  bool has_picture = false;
};

/// `encoding`: as the session description calls it. Nothing when the bytes are no such packet.
std::optional<RtpPacket> ParseRtpPacket(const std::uint8_t* data, std::size_t size,
                                        const std::string& encoding);

}  // namespace jetfleet
