#pragma once

#include "core/decode/placement.h"
#include "core/prepare/picture_scaler.h"
#include "core/trace.h"

namespace jetfleet {

/// A picture already scaled for a model's input. It lies in the scaler, which is used again: nobody
/// allocates or copies.
struct ScaledFrame {
  PictureScaler scaler;
  ScaledPicture picture;
  Placement placement;
  /// What scaling took.
  Clock::duration work{};
};

}  // namespace jetfleet
