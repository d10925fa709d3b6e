#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/decode/numbers.h"
#include "core/decode/output_decoder.h"

namespace jetfleet {

struct ModelIo;

/// What families of detectors differ in, besides their numbers.
struct BoxRules {
  /// What becomes of boxes that lie over each other.
  enum class Merge {
    /// The best of each label stays.
    kPerLabel,
    /// The model has chosen already.
    kNone
  };

  std::string name;
  PreprocessSpec preprocess;
  Size input;
  std::size_t labels = 0;
  float nms_iou = 0;
  Merge merge = Merge::kPerLabel;
  /// Every place of the picture has a score, if a small one. A model that drops weak ones by itself
  /// may say nothing of a picture; one that does not and never gives a score is another model.
  bool dense = true;

  static BoxRules Of(const DecoderOptions& options, const ModelIo& io, PreprocessSpec preprocess);
};

/// A decoder of boxes: what is common to all.
class BoxDecoder : public OutputDecoder {
 public:
  explicit BoxDecoder(BoxRules rules) : rules_(std::move(rules)) {}

  const PreprocessSpec& preprocess() const override { return rules_.preprocess; }
  Size input() const override { return rules_.input; }
  void Decode(const std::vector<TensorView>& outputs, std::int64_t item, const Placement& placement,
              float min_score, std::vector<Detection>* detections) const override;
  void Finish(const Placement& placement, std::vector<Detection>* detections) const override;
  Status Judge(const std::vector<TensorView>& outputs, std::int64_t item,
               Impression* impression) const override;
  Status Conclude(const Impression& impression) const override;

 protected:
  const BoxRules& rules() const { return rules_; }

 private:
  /// Adds what reaches the score, in pixels of the model's input. Scores are as the model has them
  /// and boxes as the formula gives them, be they absurd: who asks looks at both. NaN reaches no
  /// score.
  virtual void Boxes(const Numbers& outputs, float min_score,
                     std::vector<Detection>* found) const = 0;

  const BoxRules rules_;
};

/// From a box's middle.
inline Box Centred(float x, float y, float width, float height) {
  return {x - width / 2, y - height / 2, width, height};
}

inline Box Corners(float left, float top, float right, float bottom) {
  return {left, top, right - left, bottom - top};
}

/// The best of `count` scores that lie `step` apart.
std::size_t BestOf(const float* scores, std::size_t count, std::size_t step = 1);

float Sigmoid(float value);

}  // namespace jetfleet
