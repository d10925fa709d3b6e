#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/media/coded_picture.h"
#include "core/media/h264_sps.h"

/// What we must know of H.264 pictures without decoding them (ITU-T H.264, 7.3).
namespace jetfleet {

/// One access unit. A key picture is an IDR picture; recovery points are those of D.2.8.
struct H264Picture : CodedPicture {
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

std::unique_ptr<PictureReader> ReadH264();

}  // namespace jetfleet
