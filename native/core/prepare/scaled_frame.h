#pragma once

#include <cstdint>
#include <vector>

#include "core/decode/placement.h"
#include "core/prepare/picture_scaler.h"
#include "core/trace.h"

namespace jetfleet {

/// A picture already scaled for a model's input, with the samples it points to.
struct ScaledFrame {
  ScaledFrame(const ScaledPicture& scaled, const Placement& place);
  ScaledFrame(const ScaledFrame&) = delete;
  ScaledFrame& operator=(const ScaledFrame&) = delete;

  ScaledPicture picture;
  Placement placement;
  std::vector<std::uint8_t> samples;
  /// What scaling took.
  Clock::duration work{};
};

}  // namespace jetfleet
