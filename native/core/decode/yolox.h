#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/decode/output_decoder.h"

namespace jetfleet {

/// Decodes YOLOX's raw head: float32 [N,A,5+C], A = cells of the grids at strides 8, 16 and 32, row
/// by row; a row is dx, dy, log w, log h, objectness, C class scores (all scores already sigmoid).
/// The input is float32 [N,3,H,W].
class YoloxDecoder final : public OutputDecoder {
 public:
  static Status Bind(const DecoderOptions& options, const ModelInfo& info,
                     std::unique_ptr<OutputDecoder>* decoder);
  /// Fails with MODEL_INVALID when the shapes do not fit each other or the labels.
  static Status Create(const Shape& input_shape, const Shape& output_shape,
                       const DecoderOptions& options, std::unique_ptr<YoloxDecoder>* decoder);

  const PreprocessSpec& preprocess() const override { return preprocess_; }
  Size input() const override { return input_; }
  void Decode(const std::vector<TensorView>& outputs, std::int64_t item, const Placement& placement,
              float min_score, std::vector<Detection>* detections) const override;
  std::optional<CandidateHead> head() const override;
  void Finish(const Placement& placement, std::vector<Detection>* detections) const override;

  /// Boxes of one item in pixels of the model's input, the best class of each cell, objectness ×
  /// class ≥ `min_score`.
  void DecodeCells(const float* output, float min_score, std::vector<Detection>* found) const;

 private:
  struct Cell {
    float x;
    float y;
    float stride;
  };

  YoloxDecoder() = default;

  const PreprocessSpec preprocess_ = PreprocessSpec::Yolox();
  Size input_;
  float nms_iou_ = 0;
  std::size_t classes_ = 0;
  std::vector<Cell> cells_;
};

}  // namespace jetfleet
