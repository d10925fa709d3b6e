#include "core/media/picture_scan.h"

#include <algorithm>

#include "core/media/nal.h"

namespace jetfleet {
namespace {

constexpr int kH264LastSlice = 5;
constexpr int kH265FirstSet = 32;

/// A slice of any picture.
bool IsSlice(NalCodec codec, const std::uint8_t* nal) {
  if (codec == NalCodec::kH265) return (nal[0] >> 1 & 0x3f) < kH265FirstSet;
  const int type = nal[0] & 0x1f;
  return type >= 1 && type <= kH264LastSlice;
}

/// The first of its picture: its first macroblock is 0 (H.264, 7.3.3), it says so itself (H.265,
/// 7.3.6.1). Those of other layers are of a picture that has begun.
bool BeginsPicture(NalCodec codec, const std::uint8_t* nal, std::size_t size) {
  const std::size_t head = codec == NalCodec::kH264 ? 1 : 2;
  if (size <= head || !IsSlice(codec, nal) || (nal[head] & 0x80) == 0) return false;
  // Partitions B and C of a slice begin with its number.
  if (codec == NalCodec::kH264) return (nal[0] & 0x1f) != 3 && (nal[0] & 0x1f) != 4;
  return (nal[0] & 1) == 0 && nal[1] >> 3 == 0;
}

/// FNV-1a.
PictureMark Hash(const std::uint8_t* data, std::size_t size) {
  PictureMark hash = 14'695'981'039'346'656'037ULL;
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ data[i]) * 1'099'511'628'211ULL;
  return std::clamp<PictureMark>(hash, 1, ~PictureMark{0} - 1);
}

}  // namespace

std::vector<PictureMark> PictureScan::Add(const std::uint8_t* data, std::size_t size) {
  std::vector<PictureMark> marks;
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t byte = data[i];
    if (byte == 1 && zeros_ >= 2) {
      Finish(&marks);
      open_ = true;
      zeros_ = 0;
      continue;
    }
    zeros_ = byte == 0 ? zeros_ + 1 : 0;
    if (!open_) continue;
    head_[size_++] = byte;
    // No unit has three zeros in it.
    if (zeros_ >= 3 || size_ == kSeen) Finish(&marks);
  }
  return marks;
}

std::vector<PictureMark> PictureScan::End() {
  std::vector<PictureMark> marks;
  Finish(&marks);
  zeros_ = 0;
  return marks;
}

void PictureScan::Finish(std::vector<PictureMark>* marks) {
  // Those behind it do not belong to it; within, they would not be at the end of what was seen.
  std::size_t size = size_;
  if (size < kSeen || zeros_ >= 3) {
    while (size > 0 && head_[size - 1] == 0) --size;
  }
  size = std::min(size, kMarked);
  if (open_ && BeginsPicture(codec_, head_.data(), size)) {
    marks->push_back(Hash(head_.data(), size));
  }
  open_ = false;
  size_ = 0;
}

PictureMark MarkOf(NalCodec codec, const std::uint8_t* data, std::size_t size) {
  PictureMark mark = 0;
  ForEachNal(data, size, [&](const std::uint8_t* nal, std::size_t bytes) {
    const bool begins = BeginsPicture(codec, nal, bytes);
    if (begins || mark == 0) mark = Hash(nal, std::min<std::size_t>(bytes, PictureScan::kMarked));
    return !begins;
  });
  return mark == 0 ? Hash(data, size) : mark;
}

bool SampleHasPicture(NalCodec codec, std::size_t length_bytes, const std::uint8_t* data,
                      std::size_t size) {
  std::size_t at = 0;
  while (at + length_bytes < size) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | data[at + i];
    at += length_bytes;
    if (length == 0 || length > size - at || IsSlice(codec, data + at)) return true;
    at += length;
  }
  return at == 0;
}

}  // namespace jetfleet
