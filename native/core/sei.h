#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace jetfleet {

/// What a simulated camera writes into each picture, so that whoever decodes it can be matched to
/// the truth.
struct FrameTag {
  std::uint64_t frame_number = 0;
  /// Camera's clock, microseconds since the Unix epoch.
  std::uint64_t captured_at_us = 0;
};

/// One SEI NAL unit (user data unregistered, ITU-T H.264 D.1.7) with a four-byte start code: UUID =
/// the 16 ASCII bytes "jetfleet-frame-1", frame number and capture time as u64 big-endian,
/// emulation prevention applied. To be put in front of the first slice of an access unit.
std::vector<std::uint8_t> BuildFrameTagSei(const FrameTag& tag);

/// Looks for our SEI in one access unit in byte-stream format (start codes); stops at the first
/// slice. Foreign SEI messages are skipped; malformed ones end the search with nothing.
std::optional<FrameTag> ParseFrameTag(const std::uint8_t* data, std::size_t size);

}  // namespace jetfleet
