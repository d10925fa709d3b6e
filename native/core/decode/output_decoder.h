#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/decode/candidates.h"
#include "core/decode/placement.h"
#include "core/geometry.h"
#include "core/infer/backend.h"
#include "core/status.h"

namespace jetfleet {

struct DecoderOptions {
  /// A name of the registry.
  std::string name = "yolox";
  std::size_t labels = 0;
  float nms_iou = 0.45F;
};

/// Reads what a family of models answers. Any thread.
class OutputDecoder {
 public:
  virtual ~OutputDecoder() = default;

  /// How pictures get into the model that this decoder was bound to.
  virtual const PreprocessSpec& preprocess() const = 0;
  /// Of the model's picture.
  virtual Size input() const = 0;

  /// Detections of item `item` of the batch in source pixels, best first, none below `min_score`.
  /// `outputs` lie on the host, in the order of the model's outputs.
  virtual void Decode(const std::vector<TensorView>& outputs, std::int64_t item,
                      const Placement& placement, float min_score,
                      std::vector<Detection>* detections) const = 0;

  /// The output of which an accelerator may bring candidates in place of the whole.
  virtual std::optional<CandidateHead> head() const { return std::nullopt; }
  /// Makes such candidates, in pixels of the model's input, what `Decode` would have made of the
  /// whole output.
  virtual void Finish(const Placement& placement, std::vector<Detection>* detections) const = 0;
};

/// Looks the decoder up by name and fits it to a model's inputs and outputs. MODEL_INVALID, saying
/// what was expected, when there is none of that name or the model is not of its family.
Status BindDecoder(const DecoderOptions& options, const ModelInfo& info,
                   std::unique_ptr<OutputDecoder>* decoder);

}  // namespace jetfleet
