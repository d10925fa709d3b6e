// Detectors that answer with a set of boxes, so that none need be merged.
#include <algorithm>
#include <cmath>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

std::vector<InputConstant> ConstantsOf(const ModelIo& io, const char* word,
                                       std::vector<double> values) {
  for (std::size_t i = 0; i < io.info->inputs.size(); ++i) {
    if (i == io.picture || io.info->inputs[i].name.find(word) == std::string::npos) continue;
    return {{i, std::move(values)}};
  }
  return {};
}

/// DETR: logits [N,Q,C+1] of which the last is "nothing", pred_boxes [N,Q,4] from their middle, as
/// parts of the picture.
class Detr final : public BoxDecoder {
 public:
  Detr(BoxRules rules, std::size_t logits, std::size_t boxes, std::size_t rows,
       std::vector<InputConstant> constants)
      : BoxDecoder(std::move(rules)),
        logits_(logits),
        boxes_(boxes),
        rows_(rows),
        constants_(std::move(constants)) {}

  std::vector<InputConstant> constants() const override { return constants_; }

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const std::size_t classes = rules().labels + 1;
    const auto width = static_cast<float>(input().width);
    const auto height = static_cast<float>(input().height);
    const float* logits = outputs[logits_];
    const float* box = outputs[boxes_];
    for (std::size_t i = 0; i < rows_; ++i, logits += classes, box += 4) {
      const float most = logits[BestOf(logits, classes)];
      float sum = 0;
      for (std::size_t k = 0; k < classes; ++k) sum += std::exp(logits[k] - most);
      const std::size_t best = BestOf(logits, rules().labels);
      const float score = std::exp(logits[best] - most) / sum;
      if (!(score >= min_score)) continue;
      found->push_back({Centred(box[0] * width, box[1] * height, box[2] * width, box[3] * height),
                        score, static_cast<int>(best)});
    }
  }

  const std::size_t logits_;
  const std::size_t boxes_;
  const std::size_t rows_;
  const std::vector<InputConstant> constants_;
};

/// RT-DETR as its authors export it: labels [N,Q], boxes [N,Q,4] as corners in pixels of the size
/// that is given as another input, scores [N,Q].
class RtDetr final : public BoxDecoder {
 public:
  struct Places {
    std::size_t labels;
    std::size_t boxes;
    std::size_t scores;
    std::size_t rows;
  };

  RtDetr(BoxRules rules, const Places& places, std::vector<InputConstant> constants)
      : BoxDecoder(std::move(rules)), places_(places), constants_(std::move(constants)) {}

  std::vector<InputConstant> constants() const override { return constants_; }

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const float* const labels = outputs[places_.labels];
    const float* const scores = outputs[places_.scores];
    const float* box = outputs[places_.boxes];
    for (std::size_t i = 0; i < places_.rows; ++i, box += 4) {
      if (!(scores[i] >= min_score)) continue;
      const bool whole = std::fabs(labels[i]) < 1e6F && labels[i] == std::floor(labels[i]);
      found->push_back({Corners(box[0], box[1], box[2], box[3]), scores[i],
                        whole ? static_cast<int>(labels[i]) : -1});
    }
  }

  const Places places_;
  const std::vector<InputConstant> constants_;
};

/// RT-DETR as Ultralytics exports it: [N,Q,4+C], from their middle as parts of the picture, then a
/// score for each class.
class RtDetrRows final : public BoxDecoder {
 public:
  RtDetrRows(BoxRules rules, std::size_t rows) : BoxDecoder(std::move(rules)), rows_(rows) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const auto width = static_cast<float>(input().width);
    const auto height = static_cast<float>(input().height);
    const float* row = outputs[0];
    for (std::size_t i = 0; i < rows_; ++i, row += 4 + rules().labels) {
      const std::size_t best = BestOf(row + 4, rules().labels);
      if (!(row[4 + best] >= min_score)) continue;
      found->push_back({Centred(row[0] * width, row[1] * height, row[2] * width, row[3] * height),
                        row[4 + best], static_cast<int>(best)});
    }
  }

  const std::size_t rows_;
};

BoxRules SetRules(const DecoderOptions& options, const ModelIo& io, PreprocessSpec preprocess) {
  BoxRules rules = BoxRules::Of(options, io, preprocess);
  rules.merge = BoxRules::Merge::kNone;
  return rules;
}

Status BindRtDetrRows(const DecoderOptions& options, const ModelIo& io,
                      std::unique_ptr<OutputDecoder>* decoder) {
  std::int64_t rows = 0;
  Status status = ReadRows(io, 0, 1, options, &rows);
  // As many rows as a grid has cells are those of another head.
  if (status.ok() && rows >= CellsOf(io.size, {8, 16, 32})) {
    status = OtherOutputs(io, "one output [N,Q,4+C] of the Q best boxes", options);
  }
  if (status.ok()) {
    status = CheckOutput(io, 0, {io.batch, rows, static_cast<std::int64_t>(4 + options.labels)},
                         options);
  }
  if (status.ok()) {
    *decoder = std::make_unique<RtDetrRows>(SetRules(options, io, PreprocessSpec::RtDetr()),
                                            static_cast<std::size_t>(rows));
  }
  return status;
}

}  // namespace

// RGB 0–1, stretched.
// @see rtdetr_pytorch/tools/export_onnx.py and
// rtdetr_pytorch/src/zoo/rtdetr/rtdetr_postprocessor.py of lyuwenyu/RT-DETR;
// ultralytics/nn/modules/head.py (RTDETRDecoder) of ultralytics/ultralytics
Status BindRtDetr(const DecoderOptions& options, const ModelIo& io,
                  std::unique_ptr<OutputDecoder>* decoder) {
  if (io.outputs().size() == 1) return BindRtDetrRows(options, io, decoder);
  const auto labels = OutputNamed(io, {"labels"});
  const auto boxes = OutputNamed(io, {"boxes"});
  const auto scores = OutputNamed(io, {"scores"});
  auto constants = ConstantsOf(
      io, "size", {static_cast<double>(io.size.width), static_cast<double>(io.size.height)});
  if (io.outputs().size() != 3 || !labels || !boxes || !scores || constants.empty()) {
    return OtherOutputs(io,
                        "outputs labels, boxes and scores and an input orig_target_sizes, or one "
                        "output [N,Q,4+C]",
                        options);
  }
  std::int64_t rows = 0;
  Status status = ReadRows(io, *boxes, 1, options, &rows);
  if (status.ok()) status = CheckOutput(io, *boxes, {io.batch, rows, 4}, options);
  if (status.ok()) status = CheckOutput(io, *labels, {io.batch, rows}, options);
  if (status.ok()) status = CheckOutput(io, *scores, {io.batch, rows}, options);
  if (!status.ok()) return status;
  *decoder = std::make_unique<RtDetr>(
      SetRules(options, io, PreprocessSpec::RtDetr()),
      RtDetr::Places{*labels, *boxes, *scores, static_cast<std::size_t>(rows)},
      std::move(constants));
  return Status::Ok();
}

// RGB with ImageNet's mean and deviation, stretched.
// @see models/detr.py (PostProcess) of facebookresearch/detr
Status BindDetr(const DecoderOptions& options, const ModelIo& io,
                std::unique_ptr<OutputDecoder>* decoder) {
  const auto logits = OutputNamed(io, {"logits"});
  const auto boxes = OutputNamed(io, {"boxes"});
  if (io.outputs().size() != 2 || !logits || !boxes) {
    return OtherOutputs(io, "outputs logits [N,Q,C+1] and pred_boxes [N,Q,4]", options);
  }
  std::int64_t rows = 0;
  Status status = ReadRows(io, *boxes, 1, options, &rows);
  if (status.ok()) status = CheckOutput(io, *boxes, {io.batch, rows, 4}, options);
  if (status.ok()) {
    status = CheckOutput(io, *logits,
                         {io.batch, rows, static_cast<std::int64_t>(options.labels + 1)}, options);
  }
  if (!status.ok()) return status;
  *decoder =
      std::make_unique<Detr>(SetRules(options, io, PreprocessSpec::ImageNet()), *logits, *boxes,
                             static_cast<std::size_t>(rows), ConstantsOf(io, "mask", {1}));
  return Status::Ok();
}

}  // namespace jetfleet
