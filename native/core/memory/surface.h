#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/geometry.h"
#include "core/memory/buffer.h"
#include "core/memory/color.h"
#include "core/status.h"

namespace jetfleet {

/// Eight bits a sample. I420, I422 and I444: planes Y, U, V with chroma of half, half the width,
/// and the whole of the size. NV12: planes Y and interleaved UV. RGB, RGBA and BGRA: one packed
/// plane, bytes in the order of the name.
enum class PixelFormat { kI420, kNv12, kI422, kI444, kGray, kRgb, kRgba, kBgra };
const char* PixelFormatName(PixelFormat format);
int PlaneCount(PixelFormat format);
/// Of a plane for pictures of this size, in samples (a UV pair of NV12 is one sample).
Size PlaneSize(PixelFormat format, int plane, Size picture);

/// How far a picture must be turned clockwise to stand upright.
enum class Rotation { kNone, kQuarter, kHalf, kThreeQuarters };

/// Width of one sample over its height.
struct SampleAspect {
  int width = 1;
  int height = 1;
};

/// Where a plane lies in its buffer. Offset and stride in bytes.
struct Plane {
  int part = 0;
  std::size_t offset = 0;
  int stride = 0;
};

constexpr int kMaxPlanes = 3;

struct SurfaceDesc {
  PixelFormat format = PixelFormat::kI420;
  Color color;
  /// What the decoder made, padding included.
  Size coded;
  /// What of it is the picture. Its place is even wherever chroma is halved.
  Rect visible;
  SampleAspect sample_aspect;
  Rotation rotation = Rotation::kNone;
  std::array<Plane, kMaxPlanes> planes{};
};

/// The visible part of a surface as the CPU reads it; valid as long as the surface. Strides in
/// bytes.
struct SurfaceView {
  PixelFormat format = PixelFormat::kI420;
  Color color;
  Rotation rotation = Rotation::kNone;
  /// As it is stored: not turned, not stretched.
  Size size;
  /// As it is looked at.
  Size shown;
  std::array<const std::uint8_t*, kMaxPlanes> planes{};
  std::array<int, kMaxPlanes> strides{};
};

/// A picture in some memory. Nobody writes to it.
class Surface {
 public:
  Surface(const SurfaceDesc& desc, BufferRef buffer) : desc_(desc), buffer_(std::move(buffer)) {}

  const SurfaceDesc& desc() const { return desc_; }
  const BufferRef& buffer() const { return buffer_; }

  /// The visible picture turned upright and with square pixels, rounded to whole ones: what a
  /// player shows, and what boxes are in.
  Size ShownSize() const;

  /// INTERNAL when the CPU cannot read the memory. One thread at a time.
  Status MapToHost(SurfaceView* view) const;

 private:
  const SurfaceDesc desc_;
  const BufferRef buffer_;
};

using SurfaceRef = std::shared_ptr<const Surface>;

}  // namespace jetfleet
