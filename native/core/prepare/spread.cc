#include "core/prepare/spread.h"

#include <libyuv/planar_functions.h>

#include <algorithm>
#include <cstddef>

#include "core/prepare/fetch.h"

namespace jetfleet {
namespace {

constexpr std::uint8_t kNoColor = 128;

std::size_t Length(int length) { return static_cast<std::size_t>(length); }

/// Fills what the picture does not cover of one plane.
void Pad(float* begin, float pad, const Placement& placement) {
  const std::size_t width = Length(placement.input.width);
  const Rect& target = placement.target;
  float* const top = begin + Length(target.y) * width;
  float* const bottom = top + Length(target.height) * width;
  std::fill(begin, top, pad);
  std::fill(bottom, begin + Length(placement.input.height) * width, pad);
  if (target.width == placement.input.width) return;
  for (float* row = top; row < bottom; row += width) {
    std::fill(row, row + target.x, pad);
    std::fill(row + target.x + target.width, row + width, pad);
  }
}

/// Rows of the picture that are fetched together.
constexpr int kFetched = 4;

/// Fetches rows of a picture that another processor has scaled, before they are needed.
void FetchRows(const ScaledPicture& picture, int begin) {
  const int end = std::min(begin + kFetched, picture.size.height);
  if (begin >= end) return;
  const int planes = picture.packed ? 1 : PlaneCount(picture.format);
  for (int plane = 0; plane < planes; ++plane) {
    const Size size = picture.packed ? Size{picture.size.width * 3, picture.size.height}
                                     : PlaneSize(picture.format, plane, picture.size);
    const std::size_t bytes = Length(size.width) * Length(size.height);
    const auto until = [&](int row) { return bytes * Length(row) / Length(picture.size.height); };
    const std::uint8_t* const samples = picture.planes[static_cast<std::size_t>(plane)];
    FetchToRead(samples + until(begin), until(end) - until(begin));
  }
}

}  // namespace

Border Spreader::BorderOf(const PreprocessSpec& spec, const Placement& placement) {
  Border border{placement.target, {}};
  for (std::size_t i = 0; i < 3; ++i) border.values[i] = (spec.pad - spec.mean[i]) * spec.scale[i];
  return border;
}

void Spreader::Run(const ScaledPicture& picture, const PreprocessSpec& spec,
                   const Placement& placement, float* input, bool padded) {
  const std::size_t width = Length(placement.input.width);
  const std::size_t area = width * Length(placement.input.height);
  const Rect& target = placement.target;
  if (!padded) {
    const Border border = BorderOf(spec, placement);
    for (std::size_t i = 0; i < 3; ++i) Pad(input + i * area, border.values[i], placement);
  }
  const bool bgr = spec.channels == PreprocessSpec::Channels::kBgr;
  row_.resize(Length(target.width) * 3);
  const YuvCoefficients coefficients = CoefficientsOf(picture.color);
  FetchRows(picture, 0);
  for (int y = 0; y < target.height; ++y) {
    if (y % kFetched == 0) FetchRows(picture, y + kFetched);
    const std::size_t offset = Length(target.y + y) * width + Length(target.x);
    // In the order R, G, B, wherever they lie in the input.
    RowTarget rgb[3];
    for (std::size_t i = 0; i < 3; ++i) {
      const std::size_t place = bgr ? 2 - i : i;
      rgb[i] = {input + place * area + offset, spec.mean[place], spec.scale[place]};
    }
    if (picture.packed) {
      RunPackedRow(picture.planes[0] + Length(y) * Length(target.width) * 3, Length(target.width),
                   rgb);
    } else {
      RunYuvRow(picture, y, coefficients, rgb);
    }
  }
}

void Spreader::RunPackedRow(const std::uint8_t* bgr, std::size_t count, const RowTarget (&rgb)[3]) {
  std::uint8_t* const blue = row_.data();
  std::uint8_t* const green = blue + count;
  std::uint8_t* const red = green + count;
  libyuv::SplitRGBPlane(bgr, 0, blue, 0, green, 0, red, 0, static_cast<int>(count), 1);
  rows_.convert(red, count, rgb[0]);
  rows_.convert(green, count, rgb[1]);
  rows_.convert(blue, count, rgb[2]);
}

void Spreader::RunYuvRow(const ScaledPicture& picture, int y, const YuvCoefficients& coefficients,
                         const RowTarget (&rgb)[3]) {
  const std::size_t count = Length(picture.size.width);
  const std::size_t half = (count + 1) / 2;
  const std::uint8_t* const luma = picture.planes[0] + Length(y) * count;
  const std::uint8_t* u = row_.data();
  const std::uint8_t* v = row_.data() + count;
  std::uint8_t* const wide_u = row_.data();
  std::uint8_t* const wide_v = wide_u + count;
  const auto row_of = [&](std::size_t plane, int row, std::size_t bytes) {
    return picture.planes[plane] + Length(row) * bytes;
  };
  switch (picture.format) {
    case PixelFormat::kI444:
      u = row_of(1, y, count);
      v = row_of(2, y, count);
      break;
    case PixelFormat::kI422:
      rows_.widen(row_of(1, y, half), count, wide_u);
      rows_.widen(row_of(2, y, half), count, wide_v);
      break;
    case PixelFormat::kGray:
      std::fill(wide_u, wide_v + count, kNoColor);
      break;
    default:
      // Each row of chroma is that of two of luma.
      if (y % 2 != 0) break;
      rows_.widen(row_of(1, y / 2, half), count, wide_u);
      rows_.widen(row_of(2, y / 2, half), count, wide_v);
  }
  rows_.yuv(luma, u, v, count, coefficients, rgb[0], rgb[1], rgb[2]);
}

}  // namespace jetfleet
