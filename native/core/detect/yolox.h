#pragma once

#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "core/status.h"

namespace jetfleet {

/// Decodes YOLOX's raw head: float32 [1,A,5+C], A = cells of the grids at strides 8, 16 and 32, row
/// by row; a row is dx, dy, log w, log h, objectness, C class scores (all scores already sigmoid).
class YoloxDecoder {
 public:
  /// Fails with MODEL_INVALID when the shapes do not fit each other or the labels.
  static Status Create(const std::vector<std::int64_t>& input_shape,
                       const std::vector<std::int64_t>& output_shape, std::size_t labels,
                       YoloxDecoder* decoder);

  Size input() const { return input_; }

  /// Boxes in pixels of the model's input, the best class of each cell, objectness × class ≥
  /// `min_score`.
  std::vector<Detection> Decode(const float* output, float min_score) const;

 private:
  struct Cell {
    float x;
    float y;
    float stride;
  };

  Size input_;
  std::size_t classes_ = 0;
  std::vector<Cell> cells_;
};

}  // namespace jetfleet
