#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/geometry.h"
#include "core/memory/color.h"
#include "core/memory/surface.h"

/// What we must know of an H.264 stream without decoding it (ITU-T H.264, 7.3 and annex E).
namespace jetfleet {

/// The NAL units of a byte stream, without start codes and trailing zeros; false from `visit` ends
/// the walk.
void ForEachNal(const std::uint8_t* data, std::size_t size,
                const std::function<bool(const std::uint8_t* nal, std::size_t size)>& visit);

/// Without the emulation prevention bytes (7.4.1), at most `limit` bytes.
std::vector<std::uint8_t> UnescapeNal(const std::uint8_t* nal, std::size_t size, std::size_t limit);

/// A sequence parameter set.
struct H264Sps {
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
  /// Nothing where the stream does not say.
  std::optional<ColorMatrix> matrix;
  std::optional<ColorRange> range;
  /// Name of a matrix that samples cannot be read by; empty when there is none.
  const char* foreign_matrix = "";
  SampleAspect sample_aspect;
};

/// Nothing when the bytes are no whole parameter set.
std::optional<H264Sps> ParseH264Sps(const std::uint8_t* nal, std::size_t size);

/// One access unit.
struct H264Picture {
  bool has_slice = false;
  /// Decoding can begin here and all that follows is whole: an IDR picture.
  bool key = false;
  /// Decoding can begin here; pictures are whole after so many frames (recovery point SEI, D.2.8).
  std::optional<int> recovery_frames;
  /// Nothing is predicted from it, so nothing else suffers without it.
  bool disposable = false;
  int frame_num = 0;
  /// A parameter set that came with the picture.
  std::optional<H264Sps> sps;
};

/// `sps`: the parameter set in force, if one is known.
H264Picture ParseH264Picture(const std::uint8_t* data, std::size_t size,
                             const std::optional<H264Sps>& sps);

/// Notices from the frame numbers that a reference picture is missing (7.4.3).
class H264Sequence {
 public:
  /// True when a picture was lost between the one before and this.
  bool Add(const H264Picture& picture);
  const std::optional<H264Sps>& sps() const { return sps_; }
  /// Forgets what came before, not the parameter set.
  void Restart() { last_reference_.reset(); }

 private:
  std::optional<H264Sps> sps_;
  std::optional<int> last_reference_;
};

}  // namespace jetfleet
