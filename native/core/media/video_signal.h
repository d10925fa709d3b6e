#pragma once

#include <optional>

#include "core/media/bit_reader.h"
#include "core/memory/color.h"
#include "core/memory/surface.h"

namespace jetfleet {

/// How samples are to be read, as a stream's parameter sets say it.
struct VideoSignal {
  /// Nothing where the stream does not say.
  std::optional<ColorMatrix> matrix;
  std::optional<ColorRange> range;
  /// Name of a matrix that samples cannot be read by; empty when there is none.
  const char* foreign_matrix = "";
  SampleAspect sample_aspect;
};

/// The beginning of the video usability information, which H.264 (annex E) and H.265 (annex E) have
/// in common.
void ReadVideoSignal(BitReader* bits, VideoSignal* signal);

}  // namespace jetfleet
