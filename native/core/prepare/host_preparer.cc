#include "core/prepare/host_preparer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/decode/numbers.h"
#include "core/prepare/resize_rgb.h"

namespace jetfleet {
namespace {

bool ChannelsLast(const TensorView& slot) { return slot.desc().layout == TensorLayout::kNhwc; }

Size InputOf(const TensorView& slot) {
  const Shape& shape = slot.desc().shape;
  const std::size_t rows = ChannelsLast(slot) ? 1 : 2;
  return {static_cast<int>(shape[rows + 1]), static_cast<int>(shape[rows])};
}

bool IsStraight(const TensorView& slot) {
  return slot.desc().type == ElementType::kFloat32 && !ChannelsLast(slot);
}

float Kept(float value) { return value; }
/// To the nearest whole number, halves to the even one, as an accelerator does.
std::uint8_t Rounded(float value) {
  return static_cast<std::uint8_t>(std::nearbyint(std::clamp(value, 0.0F, 255.0F)));
}

template <typename T, typename Convert>
void Write(const std::vector<float>& planes, std::size_t area, bool channels_last, Convert convert,
           T* to) {
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const float* const from = planes.data() + channel * area;
    T* const out = channels_last ? to + channel : to + channel * area;
    const std::size_t step = channels_last ? 3 : 1;
    for (std::size_t i = 0; i < area; ++i) out[i * step] = convert(from[i]);
  }
}

Size SizeOf(const Rect& rect) { return {rect.width, rect.height}; }

}  // namespace

Status HostPreparer::Run(const Surface& surface, const PreprocessSpec& spec, const TensorView& slot,
                         Placement* placement) {
  SurfaceView view;
  const Status mapped = surface.MapToHost(&view);
  if (mapped.ok()) *placement = Run(view, spec, slot);
  return mapped;
}

Placement HostPreparer::Run(const SurfaceView& picture, const PreprocessSpec& spec,
                            const TensorView& slot) {
  const Placement placement = Placement::Of(spec, picture.shown, InputOf(slot));
  const ScaledPicture scaled = scaler_.Run(picture, SizeOf(placement.target));
  Fill(scaled, spec, placement, slot);
  return placement;
}

Placement HostPreparer::Spread(const ScaledFrame& frame, const PreprocessSpec& spec,
                               const TensorView& slot) {
  Fill(frame.picture, spec, frame.placement, slot);
  return frame.placement;
}

void HostPreparer::Fill(const ScaledPicture& picture, const PreprocessSpec& spec,
                        const Placement& placement, const TensorView& slot) {
  const Border border = Spreader::BorderOf(spec, placement);
  if (!IsStraight(slot)) {
    planes_.resize(3 * static_cast<std::size_t>(placement.input.width) *
                   static_cast<std::size_t>(placement.input.height));
    spreader_.Run(picture, spec, placement, planes_.data());
    return Store(slot, placement.input);
  }
  const bool padded = slot.HasBorder(border);
  spreader_.Run(picture, spec, placement, slot.Host<float>(), padded);
  slot.NoteBorder(border);
}

void HostPreparer::Store(const TensorView& slot, Size size) const {
  const std::size_t area =
      static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  const bool last = ChannelsLast(slot);
  switch (slot.desc().type) {
    case ElementType::kUint8:
      return Write(planes_, area, last, Rounded, slot.Host<std::uint8_t>());
    case ElementType::kFloat16:
      return Write(planes_, area, last, HalfOfFloat, slot.Host<std::uint16_t>());
    default:
      return Write(planes_, area, last, Kept, slot.Host<float>());
  }
}

Placement HostPreparer::RunRgb(const std::uint8_t* rgb, Size size, const PreprocessSpec& spec,
                               const TensorView& slot) {
  const Placement placement = Placement::Of(spec, size, InputOf(slot));
  const Size scaled = SizeOf(placement.target);
  bgr_.resize(static_cast<std::size_t>(scaled.width) * static_cast<std::size_t>(scaled.height) * 3);
  ResizeRgbToBgr(rgb, size, bgr_.data(), scaled);
  ScaledPicture small;
  small.packed = true;
  small.size = scaled;
  small.planes[0] = bgr_.data();
  Fill(small, spec, placement, slot);
  return placement;
}

}  // namespace jetfleet
