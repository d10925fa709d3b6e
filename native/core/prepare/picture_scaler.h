#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/memory/surface.h"
#include "core/prepare/plane_scaler.h"

namespace jetfleet {

/// A small picture: upright, its planes tight. YUV formats keep their kind, but for NV12, which is
/// I420 then; what came packed is B, G, R in one plane (`packed`).
struct ScaledPicture {
  PixelFormat format = PixelFormat::kI420;
  Color color;
  bool packed = false;
  Size size;
  std::array<const std::uint8_t*, kMaxPlanes> planes{};
};

/// Scales pictures and turns them upright. Colours stay as they are: they are converted for the
/// small picture only, which at 1080p takes a tenth of the time of the other order. Bilinear,
/// in 8 bits. Not thread-safe.
class PictureScaler {
 public:
  /// Valid until the next call.
  ScaledPicture Run(const SurfaceView& picture, Size size);

 private:
  struct Planes {
    std::array<std::vector<std::uint8_t>, kMaxPlanes> samples;
    std::array<Size, kMaxPlanes> sizes{};
  };

  /// Into `format`, which has a plane for each kind of sample, and may have more chroma.
  void ScalePlanes(const SurfaceView& picture, PixelFormat format, Size size);
  void Turn(Rotation rotation, PixelFormat format);
  ScaledPicture RunPacked(const SurfaceView& picture, Size size);

  std::array<PlaneScaler, kMaxPlanes> scalers_;
  Planes scaled_;
  Planes turned_;
  /// Red, green and blue of a packed picture at full size.
  std::array<std::vector<std::uint8_t>, kMaxPlanes> apart_;
  std::vector<std::uint8_t> bgr_;
};

}  // namespace jetfleet
