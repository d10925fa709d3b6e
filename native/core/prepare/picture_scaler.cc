#include "core/prepare/picture_scaler.h"

#include <libyuv/planar_functions.h>
#include <libyuv/rotate.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace jetfleet {
namespace {

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

/// What it is scaled into: turned by a quarter, chroma of half the width would be of half the
/// height.
PixelFormat Planar(PixelFormat format, Rotation rotation) {
  if (format == PixelFormat::kNv12) return PixelFormat::kI420;
  return format == PixelFormat::kI422 && Lies(rotation) ? PixelFormat::kI444 : format;
}

std::size_t Area(Size size) {
  return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
}

}  // namespace

ScaledPicture PictureScaler::Run(const SurfaceView& picture, Size size) {
  if (Packed(picture.format)) return RunPacked(picture, size);
  ScaledPicture result;
  result.color = picture.color;
  result.size = size;
  result.format = Planar(picture.format, picture.rotation);
  ScalePlanes(picture, result.format, Turned(size, picture.rotation));
  Turn(picture.rotation, result.format);
  for (std::size_t plane = 0; plane < scaled_.samples.size(); ++plane) {
    result.planes[plane] = scaled_.samples[plane].data();
  }
  return result;
}

void PictureScaler::ScalePlanes(const SurfaceView& picture, PixelFormat format, Size size) {
  for (int i = 0; i < PlaneCount(format); ++i) {
    const auto plane = static_cast<std::size_t>(i);
    scaled_.sizes[plane] = PlaneSize(format, i, size);
    scaled_.samples[plane].resize(Area(scaled_.sizes[plane]));
  }
  for (int i = 0; i < PlaneCount(picture.format); ++i) {
    const auto plane = static_cast<std::size_t>(i);
    const Size from = PlaneSize(picture.format, i, picture.size);
    std::uint8_t* const samples = scaled_.samples[plane].data();
    const Size to = scaled_.sizes[plane];
    if (picture.format == PixelFormat::kNv12 && i == 1) {
      scalers_[plane].RunPairs(picture.planes[plane], picture.strides[plane], from, samples,
                               scaled_.samples[2].data(), to);
    } else {
      scalers_[plane].Run(picture.planes[plane], picture.strides[plane], from, samples, to);
    }
  }
}

void PictureScaler::Turn(Rotation rotation, PixelFormat format) {
  if (rotation == Rotation::kNone) return;
  for (int i = 0; i < PlaneCount(format); ++i) {
    const auto plane = static_cast<std::size_t>(i);
    const Size from = scaled_.sizes[plane];
    const Size to = Turned(from, rotation);
    turned_.sizes[plane] = to;
    turned_.samples[plane].resize(Area(from));
    libyuv::RotatePlane(scaled_.samples[plane].data(), from.width, turned_.samples[plane].data(),
                        to.width, from.width, from.height, ModeOf(rotation));
  }
  std::swap(scaled_, turned_);
}

/// Through planes of full size: only sources that are not video are packed, and they are rare. Not
/// by libyuv's `ARGBScale`, which takes levels from every sample as its `UVScale` does.
ScaledPicture PictureScaler::RunPacked(const SurfaceView& picture, Size size) {
  const Size whole = picture.size;
  SurfaceView apart = picture;
  apart.format = PixelFormat::kI444;
  for (std::size_t plane = 0; plane < kMaxPlanes; ++plane) {
    apart_[plane].resize(Area(whole));
    apart.planes[plane] = apart_[plane].data();
    apart.strides[plane] = whole.width;
  }
  std::uint8_t* const first = apart_[0].data();
  std::uint8_t* const green = apart_[1].data();
  std::uint8_t* const third = apart_[2].data();
  if (picture.format == PixelFormat::kRgb) {
    libyuv::SplitRGBPlane(picture.planes[0], picture.strides[0], first, whole.width, green,
                          whole.width, third, whole.width, whole.width, whole.height);
  } else {
    // libyuv takes B, G, R, A in memory.
    const bool blue_first = picture.format == PixelFormat::kBgra;
    libyuv::SplitARGBPlane(picture.planes[0], picture.strides[0], blue_first ? first : third,
                           whole.width, green, whole.width, blue_first ? third : first, whole.width,
                           nullptr, 0, whole.width, whole.height);
  }
  ScalePlanes(apart, PixelFormat::kI444, Turned(size, picture.rotation));
  Turn(picture.rotation, PixelFormat::kI444);
  ScaledPicture result;
  result.color = picture.color;
  result.size = size;
  result.packed = true;
  bgr_.resize(Area(size) * 3);
  result.planes[0] = bgr_.data();
  libyuv::MergeRGBPlane(scaled_.samples[2].data(), size.width, scaled_.samples[1].data(),
                        size.width, scaled_.samples[0].data(), size.width, bgr_.data(),
                        size.width * 3, size.width, size.height);
  return result;
}

}  // namespace jetfleet
