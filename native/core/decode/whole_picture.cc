// Models that say something of the whole picture.
#include <algorithm>
#include <cmath>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

/// A softmax adds up to this, but for roundings of FP16.
constexpr float kSumError = 0.02F;

bool IsVector(const Shape& shape) {
  if (shape.rank() < 2) return false;
  return std::all_of(shape.begin() + 2, shape.end(), [](std::int64_t dim) { return dim == 1; });
}

Shape VectorLike(const Shape& shape, std::int64_t batch, std::int64_t length) {
  Shape vector = shape;
  vector[0] = batch;
  vector[1] = length;
  return vector;
}

/// [N,C] or [N,C,1,1]: for each class a probability, or a number before the softmax. Each class
/// that reaches the score is a detection of the whole picture.
class Classification final : public BoxDecoder {
 public:
  using BoxDecoder::BoxDecoder;

  void Finish(const Placement& placement, std::vector<Detection>* detections) const override {
    BoxDecoder::Finish(placement, detections);
    const Box whole{0, 0, static_cast<float>(placement.source.width),
                    static_cast<float>(placement.source.height)};
    for (Detection& one : *detections) one.box = whole;
  }

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const std::size_t classes = rules().labels;
    const float* const raw = outputs[0];
    const float most = raw[BestOf(raw, classes)];
    float sum = 0;
    bool are_parts = true;
    for (std::size_t i = 0; i < classes; ++i) {
      sum += raw[i];
      are_parts = are_parts && raw[i] >= 0 && raw[i] <= 1;
    }
    are_parts = are_parts && std::fabs(sum - 1) < kSumError;
    float total = 0;
    for (std::size_t i = 0; i < classes && !are_parts; ++i) total += std::exp(raw[i] - most);
    const Box whole{0, 0, static_cast<float>(input().width), static_cast<float>(input().height)};
    for (std::size_t i = 0; i < classes; ++i) {
      const float score = are_parts ? raw[i] : std::exp(raw[i] - most) / total;
      if (score >= min_score) found->push_back({whole, score, static_cast<int>(i)});
    }
  }
};

/// [N,D] or [N,D,1,1]: what tells one thing from another, as a direction.
class Reid final : public BoxDecoder {
 public:
  Reid(BoxRules rules, std::size_t length) : BoxDecoder(std::move(rules)), length_(length) {}

  std::vector<float> Embed(const std::vector<TensorView>& outputs,
                           std::int64_t item) const override {
    const Numbers numbers(outputs, item);
    std::vector<float> vector(numbers[0], numbers[0] + length_);
    double square = 0;
    for (const float value : vector) square += static_cast<double>(value) * value;
    const auto length = static_cast<float>(std::sqrt(square));
    for (float& value : vector) value = length > 0 ? value / length : 0;
    return vector;
  }

  Status Judge(const std::vector<TensorView>& outputs, std::int64_t item,
               Impression* impression) const override {
    const std::vector<float> vector = Embed(outputs, item);
    ++impression->pictures;
    const bool is_null =
        std::all_of(vector.begin(), vector.end(), [](float value) { return value == 0; });
    if (!is_null) return Status::Ok();
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected a vector of some length but got one of zeros");
  }
  Status Conclude(const Impression&) const override { return Status::Ok(); }

 private:
  void Boxes(const Numbers&, float, std::vector<Detection>*) const override {}

  const std::size_t length_;
};

}  // namespace

// RGB with ImageNet's mean and deviation, stretched.
// @see references/classification/presets.py of pytorch/vision
Status BindClassification(const DecoderOptions& options, const ModelIo& io,
                          std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckOutputs(io, 1, options);
  if (!status.ok()) return status;
  const Shape& shape = io.outputs()[0].shape;
  if (!IsVector(shape)) return OtherOutputs(io, "one output [N,C]", options);
  status = CheckOutput(
      io, 0, VectorLike(shape, io.batch, static_cast<std::int64_t>(options.labels)), options);
  if (!status.ok()) return status;
  BoxRules rules = BoxRules::Of(options, io, PreprocessSpec::ImageNet());
  rules.merge = BoxRules::Merge::kNone;
  *decoder = std::make_unique<Classification>(std::move(rules));
  return Status::Ok();
}

// BGR 0–255, stretched, as Open Model Zoo's models have it.
// @see models/intel/person-reidentification-retail-0288/README.md of openvinotoolkit/open_model_zoo
Status BindReid(const DecoderOptions& options, const ModelIo& io,
                std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckOutputs(io, 1, options);
  if (!status.ok()) return status;
  const Shape& shape = io.outputs()[0].shape;
  if (!IsVector(shape)) return OtherOutputs(io, "one output [N,D]", options);
  std::int64_t length = 0;
  status = ReadRows(io, 0, 1, options, &length);
  if (status.ok()) status = CheckOutput(io, 0, VectorLike(shape, io.batch, length), options);
  if (!status.ok()) return status;
  PreprocessSpec preprocess = PreprocessSpec::Stretched();
  preprocess.channels = PreprocessSpec::Channels::kBgr;
  *decoder = std::make_unique<Reid>(BoxRules::Of(options, io, preprocess),
                                    static_cast<std::size_t>(length));
  return Status::Ok();
}

}  // namespace jetfleet
