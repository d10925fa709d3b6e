#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/media/h264_sps.h"

/// What we must know of H.264 pictures without decoding them (ITU-T H.264, 7.3).
namespace jetfleet {

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
