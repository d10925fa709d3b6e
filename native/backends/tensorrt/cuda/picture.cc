#include "backends/tensorrt/cuda/picture.h"

#include "core/prepare/rows.h"

namespace jetfleet::cuda {
namespace {

using kernels::PlaneSampling;

bool Lies(Rotation rotation) {
  return rotation == Rotation::kQuarter || rotation == Rotation::kThreeQuarters;
}

/// Where R, G, B lie in a pixel, and how long it is; nothing for formats that are not packed.
struct Packing {
  int bytes = 0;
  std::array<int, 3> offsets{};
};
Packing PackingOf(PixelFormat format) {
  switch (format) {
    case PixelFormat::kRgb:
      return {3, {0, 1, 2}};
    case PixelFormat::kRgba:
      return {4, {0, 1, 2}};
    case PixelFormat::kBgra:
      return {4, {2, 1, 0}};
    default:
      return {};
  }
}

/// How often chroma is halved, across and down.
struct Halving {
  int across = 0;
  int down = 0;
};
Halving HalvingOf(PixelFormat format) {
  if (format == PixelFormat::kI444) return {0, 0};
  if (format == PixelFormat::kI422) return {1, 0};
  return {1, 1};
}

Size Halved(Size size, Halving by) {
  return {(size.width + by.across) >> by.across, (size.height + by.down) >> by.down};
}

PlaneSampling PlaneOf(Size from, Size to, const std::uint8_t* samples, int stride, int step) {
  PlaneSampling plane = PlanSampling(from, to);
  plane.samples = samples;
  plane.stride = stride;
  plane.step = step;
  return plane;
}

void SetChroma(const PictureView& view, Size lying, kernels::Picture* picture) {
  const Halving stored = HalvingOf(view.format);
  // Turned by a quarter, chroma of half the width would be of half the height: it is widened.
  const bool widened = view.format == PixelFormat::kI422 && Lies(view.rotation);
  const Halving scaled = widened ? Halving{0, 0} : stored;
  picture->colors = kernels::kYuvColors;
  picture->halved_across = scaled.across;
  picture->halved_down = scaled.down;
  const Size from = Halved(view.size, stored);
  const Size to = Halved(lying, scaled);
  const bool pairs = view.format == PixelFormat::kNv12;
  for (std::size_t i = 1; i < 3; ++i) {
    const std::size_t plane = pairs ? 1 : i;
    const std::uint8_t* const samples = view.planes[plane] + (pairs ? i - 1 : 0);
    picture->planes[i] = PlaneOf(from, to, samples, view.strides[plane], pairs ? 2 : 1);
  }
}

}  // namespace

kernels::Picture PictureOf(const PictureView& view, const Rect& target) {
  kernels::Picture picture{};
  picture.target_x = target.x;
  picture.target_y = target.y;
  picture.target_width = target.width;
  picture.target_height = target.height;
  picture.turn = static_cast<int>(view.rotation);
  const Size lying =
      Lies(view.rotation) ? Size{target.height, target.width} : Size{target.width, target.height};
  const Packing packing = PackingOf(view.format);
  if (packing.bytes > 0) {
    picture.colors = kernels::kPackedColors;
    for (std::size_t i = 0; i < 3; ++i) {
      picture.planes[i] = PlaneOf(view.size, lying, view.planes[0] + packing.offsets[i],
                                  view.strides[0], packing.bytes);
    }
    return picture;
  }
  const YuvCoefficients by = CoefficientsOf(view.color);
  picture.luma_offset = by.luma_offset;
  picture.luma = by.luma;
  picture.red_of_v = by.red_of_v;
  picture.green_of_u = by.green_of_u;
  picture.green_of_v = by.green_of_v;
  picture.blue_of_u = by.blue_of_u;
  picture.planes[0] = PlaneOf(view.size, lying, view.planes[0], view.strides[0], 1);
  picture.colors = kernels::kLumaOnly;
  if (view.format != PixelFormat::kGray) SetChroma(view, lying, &picture);
  return picture;
}

void SetNormalisation(bool bgr, const float (&mean)[3], const float (&scale)[3],
                      const float (&pad)[3], kernels::PrepareParameters* parameters) {
  for (int i = 0; i < 3; ++i) {
    const int channel = bgr ? 2 - i : i;
    parameters->channel[i] = channel;
    parameters->mean[i] = mean[channel];
    parameters->scale[i] = scale[channel];
    parameters->pad[i] = (pad[channel] - mean[channel]) * scale[channel];
  }
}

}  // namespace jetfleet::cuda
