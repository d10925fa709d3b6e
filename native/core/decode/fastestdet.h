#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/decode/output_decoder.h"

namespace jetfleet {

/// Decodes FastestDet's head: float32 [N,5+C,H/16,W/16]; a cell's channels are objectness, x, y, w,
/// h and C class scores. Scores come as probabilities, the box does not: centre = cell + tanh, size
/// = sigmoid of the picture's, score = objectness^0.6 × class^0.4. The input is float32 [N,3,H,W],
/// stretched, BGR 0–1.
///
/// @see handle_preds in utils/tool.py of dog-qiuqiu/FastestDet (BSD-3)
class FastestDetDecoder final : public OutputDecoder {
 public:
  /// Fails with MODEL_INVALID when the shapes do not fit each other or the labels.
  static Status Bind(const DecoderOptions& options, const ModelInfo& info,
                     std::unique_ptr<OutputDecoder>* decoder);

  const PreprocessSpec& preprocess() const override { return preprocess_; }
  Size input() const override { return input_; }
  void Decode(const std::vector<TensorView>& outputs, std::int64_t item, const Placement& placement,
              float min_score, std::vector<Detection>* detections) const override;
  void Finish(const Placement& placement, std::vector<Detection>* detections) const override;

 private:
  FastestDetDecoder() = default;
  /// Adds what a cell holds. Channels of a cell lie `cells_` apart.
  void DecodeCell(const float* cell, int x, int y, float min_score,
                  std::vector<Detection>* found) const;

  const PreprocessSpec preprocess_ = PreprocessSpec::FastestDet();
  Size input_;
  Size grid_;
  std::size_t cells_ = 0;
  std::size_t classes_ = 0;
  float nms_iou_ = 0;
};

}  // namespace jetfleet
