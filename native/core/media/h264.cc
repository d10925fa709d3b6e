#include "core/media/h264.h"

#include <vector>

#include "core/media/bit_reader.h"
#include "core/media/nal.h"

namespace jetfleet {
namespace {

constexpr int kSliceFirst = 1;
constexpr int kSliceIdr = 5;
constexpr int kSei = 6;
constexpr int kPps = 8;
/// From messages on: parameter sets, delimiters, ends, filler, extensions of parameter sets.
constexpr int kLastBeside = 13;
/// Of a slice only the beginning is read.
constexpr std::size_t kSliceBytes = 32;
constexpr std::size_t kSeiBytes = 4096;
constexpr int kRecoveryPoint = 6;

std::optional<int> RecoveryFrames(const std::vector<std::uint8_t>& sei) {
  std::size_t at = 1;
  const auto coded = [&](std::size_t* value) {
    *value = 0;
    while (at < sei.size()) {
      const std::uint8_t byte = sei[at++];
      *value += byte;
      if (byte != 0xff) return true;
    }
    return false;
  };
  std::size_t type = 0;
  std::size_t size = 0;
  while (at + 1 < sei.size() && coded(&type) && coded(&size) && size <= sei.size() - at) {
    if (type == kRecoveryPoint) {
      BitReader bits(sei.data() + at, size);
      const auto frames = static_cast<int>(bits.Unsigned());
      if (bits.ok()) return frames;
    }
    at += size;
  }
  return std::nullopt;
}

/// The beginning of a slice header (7.3.3), as far as it tells frames from fields.
void ReadSlice(const std::uint8_t* nal, std::size_t size, const std::optional<H264Sps>& sps,
               H264Picture* picture) {
  const int type = nal[0] & 0x1f;
  const bool reference = (nal[0] >> 5 & 3) != 0;
  if (!picture->has_slice) picture->disposable = true;
  picture->has_slice = true;
  if (reference) picture->disposable = false;
  if (type == kSliceIdr) picture->key = true;
  if (!sps) return;
  const auto head = UnescapeNal(nal + 1, size - 1, kSliceBytes);
  BitReader bits(head.data(), head.size());
  bits.Unsigned();  // first macroblock
  bits.Unsigned();  // type
  bits.Unsigned();  // picture parameter set
  if (sps->separate_planes) bits.Bits(2);
  const std::uint32_t number = bits.Bits(sps->log2_max_frame_num);
  if (bits.ok()) picture->frame_num = static_cast<int>(number);
  if (sps->interlaced && bits.Bits(1) != 0) picture->field = bits.ok();
}

}  // namespace

H264Picture ParseH264Picture(const std::uint8_t* data, std::size_t size,
                             const std::optional<H264Sps>& sps) {
  H264Picture picture;
  bool others = false;
  ForEachNal(data, size, [&](const std::uint8_t* nal, std::size_t bytes) {
    const int type = nal[0] & 0x1f;
    if (type == kH264Sps || type == kPps) picture.beside_pictures = true;
    if (type < kSei || type > kLastBeside) others = true;
    if (type == kH264Sps) {
      const auto parsed = ParseH264Sps(nal, bytes);
      if (parsed) picture.sps = parsed;
    } else if (type == kSei && !picture.recovery_frames) {
      picture.recovery_frames = RecoveryFrames(UnescapeNal(nal, bytes, kSeiBytes));
    } else if (type >= kSliceFirst && type <= kSliceIdr) {
      ReadSlice(nal, bytes, picture.sps ? picture.sps : sps, &picture);
    }
    return true;
  });
  if (others) picture.beside_pictures = false;
  return picture;
}

bool H264Sequence::Add(const H264Picture& picture) {
  if (picture.sps) sps_ = picture.sps;
  if (!picture.has_slice || !sps_) return false;
  if (picture.key) {
    last_reference_ = picture.frame_num;
    return false;
  }
  bool lost = false;
  if (last_reference_ && !sps_->gaps_allowed) {
    const int max = 1 << sps_->log2_max_frame_num;
    // A second field, or a picture between references, has the number of the one before.
    lost =
        picture.frame_num != *last_reference_ && picture.frame_num != (*last_reference_ + 1) % max;
  }
  if (!picture.disposable) last_reference_ = picture.frame_num;
  return lost;
}

namespace {

class H264Reader final : public PictureReader {
 public:
  CodedPicture Read(const std::uint8_t* data, std::size_t size, bool) override {
    H264Picture picture = ParseH264Picture(data, size, sequence_.sps());
    picture.gap = sequence_.Add(picture);
    picture.tag = ParseFrameTag(data, size);
    return picture;
  }
  VideoSignal signal() const override {
    return sequence_.sps() ? VideoSignal(*sequence_.sps()) : VideoSignal();
  }
  void Restart() override { sequence_.Restart(); }

 private:
  H264Sequence sequence_;
};

}  // namespace

std::unique_ptr<PictureReader> ReadH264() { return std::make_unique<H264Reader>(); }

}  // namespace jetfleet
