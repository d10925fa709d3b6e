#pragma once

#include <cstdint>
#include <vector>

#include "core/decode/placement.h"
#include "core/memory/border.h"
#include "core/prepare/picture_scaler.h"
#include "core/prepare/rows.h"

namespace jetfleet {

/// Spreads a small picture (of the placement's target size) over the planes of a float input
/// [3,H,W]: converts its colours to R, G, B, with the channel order, mean and scale of the
/// specification, and fills the rest with padding. Not thread-safe.
class Spreader {
 public:
  explicit Spreader(const RowFunctions& rows = Rows()) : rows_(rows) {}

  void Run(const ScaledPicture& picture, const PreprocessSpec& spec, const Placement& placement,
           float* input, bool padded = false);
  /// What `Run` puts around the picture, or finds there if `padded`.
  static Border BorderOf(const PreprocessSpec& spec, const Placement& placement);

 private:
  void RunPackedRow(const std::uint8_t* bgr, std::size_t count, const RowTarget (&rgb)[3]);
  void RunYuvRow(const ScaledPicture& picture, int y, const YuvCoefficients& coefficients,
                 const RowTarget (&rgb)[3]);

  const RowFunctions& rows_;
  /// Three rows of samples.
  std::vector<std::uint8_t> row_;
};

}  // namespace jetfleet
