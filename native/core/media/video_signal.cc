#include "core/media/video_signal.h"

#include <iterator>

namespace jetfleet {
namespace {

constexpr std::uint32_t kExtendedSar = 255;

/// Table E-1, from 1 on.
constexpr SampleAspect kAspects[] = {
    {1, 1},   {12, 11}, {10, 11}, {16, 11}, {40, 33},  {24, 11}, {20, 11}, {32, 11},
    {80, 33}, {18, 11}, {15, 11}, {64, 33}, {160, 99}, {4, 3},   {3, 2},   {2, 1},
};

void ReadMatrix(std::uint32_t code, VideoSignal* signal) {
  switch (code) {  // table E-5
    case 0:
      signal->foreign_matrix = "R, G, B";
      break;
    case 1:
      signal->matrix = ColorMatrix::kBt709;
      break;
    case 2:  // not said
    case 3:  // reserved
      break;
    case 4:  // FCC: within half a level of BT.601
    case 5:
    case 6:
      signal->matrix = ColorMatrix::kBt601;
      break;
    case 7:
      signal->foreign_matrix = "SMPTE 240M";
      break;
    case 8:
      signal->foreign_matrix = "YCgCo";
      break;
    case 9:
      signal->matrix = ColorMatrix::kBt2020;
      break;
    case 10:
      signal->foreign_matrix = "BT.2020 of constant luminance";
      break;
    default:
      signal->foreign_matrix = "one unknown here";
      break;
  }
}

}  // namespace

void ReadVideoSignal(BitReader* bits, VideoSignal* signal) {
  if (bits->Flag()) {
    const std::uint32_t aspect = bits->Bits(8);
    if (aspect == kExtendedSar) {
      const int width = static_cast<int>(bits->Bits(16));
      const int height = static_cast<int>(bits->Bits(16));
      if (width > 0 && height > 0) signal->sample_aspect = {width, height};
    } else if (aspect >= 1 && aspect <= std::size(kAspects)) {
      signal->sample_aspect = kAspects[aspect - 1];
    }
  }
  if (bits->Flag()) bits->Flag();  // overscan
  if (!bits->Flag()) return;
  bits->Bits(3);  // video format
  signal->range = bits->Flag() ? ColorRange::kFull : ColorRange::kLimited;
  if (!bits->Flag()) return;
  bits->Bits(16);  // primaries, transfer
  ReadMatrix(bits->Bits(8), signal);
}

}  // namespace jetfleet
