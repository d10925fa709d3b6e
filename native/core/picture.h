#pragma once

#include <cstddef>
#include <cstdint>

#include "core/geometry.h"

namespace jetfleet {

enum class PixelFormat { kI420, kNv12 };
/// Colour matrix and range of the YUV samples.
enum class ColorMatrix { kBt601Limited, kBt601Full, kBt709Limited };

/// A view of a decoded picture in host memory; the owner keeps it mapped while the view is used.
/// I420: planes Y, U, V. NV12: planes Y, UV. Strides in bytes.
struct PictureView {
  PixelFormat format = PixelFormat::kI420;
  ColorMatrix matrix = ColorMatrix::kBt601Limited;
  Size size;
  const std::uint8_t* planes[3] = {};
  int strides[3] = {};
};

/// A picture as the decoder made it. `Map` is separate from the picture because pictures in device
/// memory (NVMM) are not mapped on the board's own path.
class DecodedPicture {
 public:
  virtual ~DecodedPicture() = default;
  virtual Size size() const = 0;
  /// False when the memory cannot be read by the CPU. The view is valid as long as this object.
  virtual bool Map(PictureView* view) = 0;
};

/// Full pictures copied between buffers on the host, from the decoder's output on.
struct CopyCount {
  int copies = 0;
  std::size_t bytes = 0;
};

}  // namespace jetfleet
