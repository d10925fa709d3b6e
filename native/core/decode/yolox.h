#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/decode/box_decoder.h"

namespace jetfleet {

/// Decodes YOLOX's raw head: [N,A,5+C], A = cells of the grids at strides 8, 16 and 32, row by row;
/// a row is dx, dy, log w, log h, objectness, C class scores (all scores already sigmoid). The
/// input is BGR 0–255, letterbox at the top left.
///
/// @see yolox/models/yolo_head.py (decode_outputs), yolox/data/data_augment.py (preproc) of
/// Megvii-BaseDetection/YOLOX
class YoloxDecoder final : public BoxDecoder {
 public:
  /// For a model of one float32 input and output. MODEL_INVALID when the shapes do not fit each
  /// other or the labels.
  static Status Create(const Shape& input_shape, const Shape& output_shape,
                       const DecoderOptions& options, std::unique_ptr<YoloxDecoder>* decoder);
  static Status Create(const DecoderOptions& options, const ModelIo& io,
                       std::unique_ptr<YoloxDecoder>* decoder);

  std::optional<CandidateHead> head() const override;

  /// Boxes of one item in pixels of the model's input, the best class of each cell, objectness ×
  /// class ≥ `min_score` and at most 1; boxes that are no numbers are left out. An accelerator
  /// finds the same.
  void DecodeCells(const float* output, float min_score, std::vector<Detection>* found) const;

 private:
  struct Cell {
    float x;
    float y;
    float stride;
  };

  explicit YoloxDecoder(BoxRules rules) : BoxDecoder(std::move(rules)) {}
  void Boxes(const Numbers& outputs, float min_score, std::vector<Detection>* found) const override;
  /// Scores as they are, as one above 1 tells that the outputs mean something else.
  void ReadCells(const float* output, float min_score, std::vector<Detection>* found) const;

  std::vector<Cell> cells_;
};

}  // namespace jetfleet
