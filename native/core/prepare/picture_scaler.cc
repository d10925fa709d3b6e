#include "core/prepare/picture_scaler.h"

#include <libyuv/convert.h>
#include <libyuv/convert_argb.h>
#include <libyuv/convert_from_argb.h>
#include <libyuv/planar_functions.h>
#include <libyuv/rotate.h>
#include <libyuv/rotate_argb.h>
#include <libyuv/scale_argb.h>
#include <libyuv/scale_uv.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace jetfleet {
namespace {

constexpr auto kFilter = libyuv::kFilterBilinear;

libyuv::RotationMode ModeOf(Rotation rotation) {
  switch (rotation) {
    case Rotation::kQuarter:
      return libyuv::kRotate90;
    case Rotation::kHalf:
      return libyuv::kRotate180;
    case Rotation::kThreeQuarters:
      return libyuv::kRotate270;
    case Rotation::kNone:
      break;
  }
  return libyuv::kRotate0;
}

bool Lies(Rotation rotation) {
  return rotation == Rotation::kQuarter || rotation == Rotation::kThreeQuarters;
}

Size Turned(Size size, Rotation rotation) {
  return Lies(rotation) ? Size{size.height, size.width} : size;
}

bool Packed(PixelFormat format) {
  return format == PixelFormat::kRgb || format == PixelFormat::kRgba ||
         format == PixelFormat::kBgra;
}

std::size_t Area(Size size) {
  return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
}

}  // namespace

ScaledPicture PictureScaler::Run(const SurfaceView& picture, Size size) {
  ScaledPicture result;
  result.color = picture.color;
  result.size = size;
  if (Packed(picture.format)) {
    ScalePacked(picture, size);
    result.packed = true;
    result.planes[0] = bgr_.data();
    return result;
  }
  // Turned by a quarter, chroma of half the width would be of half the height.
  const bool widened = picture.format == PixelFormat::kI422 && Lies(picture.rotation);
  result.format = widened ? PixelFormat::kI444 : picture.format;
  ScalePlanes(picture, result.format, Turned(size, picture.rotation));
  if (picture.rotation != Rotation::kNone) Turn(picture.rotation, &result.format);
  for (std::size_t plane = 0; plane < scaled_.samples.size(); ++plane) {
    result.planes[plane] = scaled_.samples[plane].data();
  }
  return result;
}

void PictureScaler::ScalePlanes(const SurfaceView& picture, PixelFormat format, Size size) {
  for (int i = 0; i < PlaneCount(picture.format); ++i) {
    const auto plane = static_cast<std::size_t>(i);
    const Size from = PlaneSize(picture.format, i, picture.size);
    const Size to = PlaneSize(format, i, size);
    const bool pairs = picture.format == PixelFormat::kNv12 && i == 1;
    scaled_.sizes[plane] = to;
    scaled_.samples[plane].resize(Area(to) * (pairs ? 2 : 1));
    std::uint8_t* const samples = scaled_.samples[plane].data();
    if (pairs) {
      libyuv::UVScale(picture.planes[plane], picture.strides[plane], from.width, from.height,
                      samples, to.width * 2, to.width, to.height, kFilter);
    } else {
      scalers_[plane].Run(picture.planes[plane], picture.strides[plane], from, samples, to);
    }
  }
}

void PictureScaler::Turn(Rotation rotation, PixelFormat* format) {
  const auto mode = ModeOf(rotation);
  const auto prepare = [&](std::size_t plane, Size from) {
    turned_.sizes[plane] = Turned(from, rotation);
    turned_.samples[plane].resize(Area(from));
    return turned_.samples[plane].data();
  };
  const auto turn = [&](std::size_t plane) {
    const Size from = scaled_.sizes[plane];
    std::uint8_t* const to = prepare(plane, from);
    libyuv::RotatePlane(scaled_.samples[plane].data(), from.width, to, turned_.sizes[plane].width,
                        from.width, from.height, mode);
  };
  turn(0);
  if (*format == PixelFormat::kNv12) {
    const Size from = scaled_.sizes[1];
    std::uint8_t* const u = prepare(1, from);
    std::uint8_t* const v = prepare(2, from);
    const int stride = turned_.sizes[1].width;
    libyuv::SplitRotateUV(scaled_.samples[1].data(), from.width * 2, u, stride, v, stride,
                          from.width, from.height, mode);
    *format = PixelFormat::kI420;
  } else {
    for (int plane = 1; plane < PlaneCount(*format); ++plane) turn(static_cast<std::size_t>(plane));
  }
  std::swap(scaled_, turned_);
}

void PictureScaler::ScalePacked(const SurfaceView& picture, Size size) {
  bgr_.resize(Area(size) * 3);
  const Size lying = Turned(size, picture.rotation);
  const Size from = picture.size;
  const std::size_t bytes = Area(from) * 4;
  // To libyuv's "ARGB" (B, G, R, A in memory) at full size: only sources that are not video are
  // packed, and they are rare.
  packed_.resize(bytes + (Area(size) + Area(lying)) * 4);
  std::uint8_t* const whole = packed_.data();
  std::uint8_t* const small = whole + bytes;
  std::uint8_t* const upright = small + Area(lying) * 4;
  if (picture.format == PixelFormat::kRgb) {
    libyuv::RAWToARGB(picture.planes[0], picture.strides[0], whole, from.width * 4, from.width,
                      from.height);
  } else if (picture.format == PixelFormat::kRgba) {
    libyuv::ABGRToARGB(picture.planes[0], picture.strides[0], whole, from.width * 4, from.width,
                       from.height);
  } else {
    libyuv::ARGBCopy(picture.planes[0], picture.strides[0], whole, from.width * 4, from.width,
                     from.height);
  }
  libyuv::ARGBScale(whole, from.width * 4, from.width, from.height, small, lying.width * 4,
                    lying.width, lying.height, kFilter);
  libyuv::ARGBRotate(small, lying.width * 4, upright, size.width * 4, lying.width, lying.height,
                     ModeOf(picture.rotation));
  libyuv::ARGBToRGB24(upright, size.width * 4, bgr_.data(), size.width * 3, size.width,
                      size.height);
}

}  // namespace jetfleet
