#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/geometry.h"
#include "core/media/video_signal.h"

namespace jetfleet {

/// NAL unit type of a sequence parameter set (ITU-T H.264, table 7-1).
constexpr int kH264Sps = 7;

/// A sequence parameter set (ITU-T H.264, 7.3.2.1.1 and annex E).
struct H264Sps : VideoSignal {
  int profile = 0;
  /// 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4.
  int chroma_format = 1;
  int bit_depth = 8;
  bool interlaced = false;
  bool separate_planes = false;
  int log2_max_frame_num = 4;
  bool gaps_allowed = false;
  /// The visible part.
  Size size;
};

/// Nothing when the bytes are no whole parameter set.
std::optional<H264Sps> ParseH264Sps(const std::uint8_t* nal, std::size_t size);

}  // namespace jetfleet
