#include "core/media/h264_sps.h"

#include <algorithm>
#include <iterator>

#include "core/media/bit_reader.h"
#include "core/media/nal.h"

namespace jetfleet {
namespace {

/// No parameter set is longer.
constexpr std::size_t kMostBytes = 1024;
/// Larger pictures than any level allows (A.3.1) are no pictures.
constexpr std::uint32_t kMaxMacroblocks = 1024;
void SkipScalingLists(BitReader* bits, int lists) {
  for (int list = 0; list < lists && bits->ok(); ++list) {
    if (!bits->Flag()) continue;
    const int size = list < 6 ? 16 : 64;
    int last = 8;
    int next = 8;
    for (int i = 0; i < size && next != 0 && bits->ok(); ++i) {
      next = (last + bits->Signed() + 256) % 256;
      if (next != 0) last = next;
    }
  }
}

bool HasChromaInfo(int profile) {
  constexpr int kHigh[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  return std::find(std::begin(kHigh), std::end(kHigh), profile) != std::end(kHigh);
}

void ReadChroma(BitReader* bits, H264Sps* sps) {
  if (!HasChromaInfo(sps->profile)) return;
  sps->chroma_format = static_cast<int>(bits->Unsigned());
  if (sps->chroma_format == 3) sps->separate_planes = bits->Flag();
  const std::uint32_t luma = bits->Unsigned();
  const std::uint32_t chroma = bits->Unsigned();
  sps->bit_depth = 8 + static_cast<int>(std::min(std::max(luma, chroma), 24U));
  bits->Flag();  // transform bypass
  if (bits->Flag()) SkipScalingLists(bits, sps->chroma_format == 3 ? 12 : 8);
}

void SkipOrderCount(BitReader* bits) {
  const std::uint32_t type = bits->Unsigned();
  if (type == 0) bits->Unsigned();
  if (type != 1) return;
  bits->Flag();
  bits->Signed();
  bits->Signed();
  const std::uint32_t cycle = bits->Unsigned();
  for (std::uint32_t i = 0; i < cycle && bits->ok(); ++i) bits->Signed();
}

/// False when it cannot be a picture.
bool ReadSize(BitReader* bits, H264Sps* sps) {
  const std::uint32_t columns = bits->Unsigned() + 1;
  std::uint32_t rows = bits->Unsigned() + 1;
  const bool frames_only = bits->Flag();
  sps->interlaced = !frames_only;
  if (!frames_only) {
    bits->Flag();
    rows *= 2;
  }
  bits->Flag();  // direct 8x8 inference
  if (columns > kMaxMacroblocks || rows > kMaxMacroblocks) return false;
  std::int64_t width = std::int64_t{columns} * 16;
  std::int64_t height = std::int64_t{rows} * 16;
  if (bits->Flag()) {
    const int chroma = sps->separate_planes ? 0 : sps->chroma_format;
    const std::int64_t unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
    const std::int64_t unit_y = std::int64_t{chroma == 1 ? 2 : 1} * (frames_only ? 1 : 2);
    const std::int64_t left = bits->Unsigned();
    const std::int64_t right = bits->Unsigned();
    const std::int64_t top = bits->Unsigned();
    const std::int64_t bottom = bits->Unsigned();
    width -= unit_x * (left + right);
    height -= unit_y * (top + bottom);
  }
  if (width <= 0 || height <= 0) return false;
  sps->size = {static_cast<int>(width), static_cast<int>(height)};
  return true;
}

}  // namespace

std::optional<H264Sps> ParseH264Sps(const std::uint8_t* nal, std::size_t size) {
  if (size < 5 || (nal[0] & 0x1f) != kH264Sps) return std::nullopt;
  const auto bytes = UnescapeNal(nal + 1, size - 1, kMostBytes);
  BitReader bits(bytes.data(), bytes.size());
  H264Sps sps;
  sps.profile = static_cast<int>(bits.Bits(8));
  bits.Bits(16);  // constraints, level
  bits.Unsigned();
  ReadChroma(&bits, &sps);
  sps.log2_max_frame_num = 4 + static_cast<int>(std::min(bits.Unsigned(), 12U));
  SkipOrderCount(&bits);
  bits.Unsigned();  // reference frames
  sps.gaps_allowed = bits.Flag();
  if (!ReadSize(&bits, &sps) || !bits.ok()) return std::nullopt;
  // Cameras cut the last part short; what was read of it counts.
  H264Sps with_vui = sps;
  if (bits.Flag()) ReadVideoSignal(&bits, &with_vui);
  return bits.ok() ? with_vui : sps;
}

}  // namespace jetfleet
