#pragma once

#include <cstdint>
#include <vector>

#include "core/decode/placement.h"
#include "core/memory/surface.h"
#include "core/memory/tensor.h"
#include "core/prepare/picture_scaler.h"
#include "core/prepare/scaled_frame.h"
#include "core/prepare/spread.h"
#include "core/status.h"

namespace jetfleet {

/// Brings pictures into a slot of a model's input on the host by the CPU: straight into float32
/// [1,3,H,W]; float16, uint8 and [1,H,W,3] by way of that. Not thread-safe.
class HostPreparer {
 public:
  /// The route of the pipeline. INTERNAL when the CPU cannot read the surface.
  Status Run(const Surface& surface, const PreprocessSpec& spec, const TensorView& slot,
             Placement* placement);
  Placement Run(const SurfaceView& picture, const PreprocessSpec& spec, const TensorView& slot);

  /// The rest of the way for a picture that is scaled for the slot already.
  Placement Spread(const ScaledFrame& frame, const PreprocessSpec& spec, const TensorView& slot);

  /// The reference route for packed, tight RGB bytes: bilinear in RGB with half-pixel centres.
  Placement RunRgb(const std::uint8_t* rgb, Size size, const PreprocessSpec& spec,
                   const TensorView& slot);

 private:
  /// Padding that is in the slot already is left alone: it can be half of the input.
  void Fill(const ScaledPicture& picture, const PreprocessSpec& spec, const Placement& placement,
            const TensorView& slot);

  /// From float32 [3,H,W] to what the slot holds.
  void Store(const TensorView& slot, Size size) const;

  /// For slots of another kind.
  std::vector<float> planes_;
  PictureScaler scaler_;
  Spreader spreader_;
  /// The scaled picture of the reference route, packed B, G, R.
  std::vector<std::uint8_t> bgr_;
};

}  // namespace jetfleet
