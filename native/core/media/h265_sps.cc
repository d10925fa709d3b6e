#include <algorithm>

#include "core/media/h265.h"
#include "core/media/nal.h"

namespace jetfleet {
namespace {

constexpr std::size_t kMostBytes = 4096;
/// Annex A: no more in any profile.
constexpr std::uint32_t kMostSets = 64;
constexpr std::uint32_t kMostPictures = 16;
constexpr std::uint32_t kMostLongTerm = 32;

void Skip(BitReader* bits, int count) {
  for (; count > 0; count -= 32) bits->Bits(std::min(count, 32));
}

void SkipUnsigned(BitReader* bits, int count) {
  for (int i = 0; i < count; ++i) bits->Unsigned();
}

/// profile_tier_level (7.3.3).
void SkipProfile(BitReader* bits, int top_layer) {
  constexpr int kProfile = 88;
  constexpr int kLevel = 8;
  Skip(bits, kProfile + kLevel);
  if (top_layer == 0) return;
  int left = 0;
  for (int layer = 0; layer < 8; ++layer) {
    const bool is_one = layer < top_layer;
    if (bits->Flag() && is_one) left += kProfile;
    if (bits->Flag() && is_one) left += kLevel;
  }
  Skip(bits, left);
}

/// scaling_list_data (7.3.4).
void SkipScalingLists(BitReader* bits) {
  for (int size = 0; size < 4; ++size) {
    for (int matrix = 0; matrix < 6 && bits->ok(); matrix += size == 3 ? 3 : 1) {
      if (!bits->Flag()) {
        bits->Unsigned();
        continue;
      }
      if (size > 1) bits->Signed();
      const int count = std::min(64, 1 << (4 + 2 * size));
      for (int i = 0; i < count && bits->ok(); ++i) bits->Signed();
    }
  }
}

/// st_ref_pic_set (7.3.7); returns how many pictures it names.
std::uint32_t SkipPictureSet(BitReader* bits, bool is_first, std::uint32_t before) {
  if (!is_first && bits->Flag()) {
    bits->Flag();  // sign
    bits->Unsigned();
    std::uint32_t used = 0;
    for (std::uint32_t i = 0; i <= before && bits->ok(); ++i) {
      if (bits->Flag() || bits->Flag()) ++used;
    }
    return used;
  }
  const std::uint32_t count =
      std::min(bits->Unsigned(), kMostPictures) + std::min(bits->Unsigned(), kMostPictures);
  for (std::uint32_t i = 0; i < count && bits->ok(); ++i) {
    bits->Unsigned();
    bits->Flag();
  }
  return count;
}

void SkipPictureSets(BitReader* bits, int order_bits) {
  const std::uint32_t sets = std::min(bits->Unsigned(), kMostSets);
  std::uint32_t pictures = 0;
  for (std::uint32_t set = 0; set < sets && bits->ok(); ++set) {
    pictures = SkipPictureSet(bits, set == 0, pictures);
  }
  if (!bits->Flag()) return;
  const std::uint32_t long_term = std::min(bits->Unsigned(), kMostLongTerm);
  for (std::uint32_t i = 0; i < long_term && bits->ok(); ++i) Skip(bits, order_bits + 1);
}

/// From the size of the picture to what stands in front of the usability information.
void SkipCoding(BitReader* bits, int top_layer) {
  if (bits->Unsigned() == 3) bits->Flag();  // chroma format, separate planes
  SkipUnsigned(bits, 2);
  if (bits->Flag()) SkipUnsigned(bits, 4);  // conformance window
  SkipUnsigned(bits, 2);                    // bit depths
  const int order_bits = 4 + static_cast<int>(std::min(bits->Unsigned(), 12U));
  for (int layer = bits->Flag() ? 0 : top_layer; layer <= top_layer; ++layer) SkipUnsigned(bits, 3);
  SkipUnsigned(bits, 6);
  if (bits->Flag() && bits->Flag()) SkipScalingLists(bits);
  Skip(bits, 2);
  if (bits->Flag()) {  // PCM
    Skip(bits, 8);
    SkipUnsigned(bits, 2);
    bits->Flag();
  }
  SkipPictureSets(bits, order_bits);
  Skip(bits, 2);
}

}  // namespace

std::optional<H265Sps> ParseH265Sps(const std::uint8_t* nal, std::size_t size) {
  if (size < 4 || (nal[0] >> 1 & 0x3f) != kH265Sps) return std::nullopt;
  const auto bytes = UnescapeNal(nal + 2, size - 2, kMostBytes);
  BitReader bits(bytes.data(), bytes.size());
  H265Sps sps;
  bits.Bits(4);
  sps.top_layer = std::min(static_cast<int>(bits.Bits(3)), 6);
  bits.Flag();
  SkipProfile(&bits, sps.top_layer);
  bits.Unsigned();
  SkipCoding(&bits, sps.top_layer);
  if (!bits.ok()) return std::nullopt;
  // As with H.264, cameras cut the last part short.
  H265Sps with_vui = sps;
  if (bits.Flag()) ReadVideoSignal(&bits, &with_vui);
  return bits.ok() ? with_vui : sps;
}

}  // namespace jetfleet
