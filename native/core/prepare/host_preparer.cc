#include "core/prepare/host_preparer.h"

#include <cstddef>

#include "core/prepare/resize_rgb.h"

namespace jetfleet {
namespace {

Size InputOf(const TensorView& slot) {
  const Shape& shape = slot.desc().shape;
  return {static_cast<int>(shape[3]), static_cast<int>(shape[2])};
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
  const bool padded = slot.HasBorder(border);
  spreader_.Run(picture, spec, placement, slot.Host<float>(), padded);
  slot.NoteBorder(border);
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
