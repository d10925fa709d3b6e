// Three photographs, from the data of scikit-image: astronaut (NASA, public domain), chelsea and
// coffee (both CC0). Scaled to 128 x 96, I420, BT.709 of limited range; base64.
#include "core/infer/real_pictures.h"

#include <glib.h>

#include <cassert>

namespace jetfleet {
namespace {

constexpr Size kSize{128, 96};
constexpr std::size_t kLuma = 128 * 96;
constexpr std::size_t kBytes = kLuma + kLuma / 2;

constexpr char kSamples[] =
#include "core/infer/real_pictures.inc"
    ;

const std::uint8_t* Samples() {
  static const std::uint8_t* const samples = [] {
    gsize size = 0;
    const guchar* const decoded = g_base64_decode(kSamples, &size);
    assert(size == kRealPictures * kBytes);
    return decoded;
  }();
  return samples;
}

}  // namespace

SurfaceView RealPicture(std::size_t number) {
  const std::uint8_t* const luma = Samples() + number % kRealPictures * kBytes;
  SurfaceView view;
  view.format = PixelFormat::kI420;
  view.color = {ColorMatrix::kBt709, ColorRange::kLimited};
  view.size = view.shown = kSize;
  view.planes = {luma, luma + kLuma, luma + kLuma + kLuma / 4};
  view.strides = {kSize.width, kSize.width / 2, kSize.width / 2};
  return view;
}

}  // namespace jetfleet
