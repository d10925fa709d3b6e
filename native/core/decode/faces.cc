// Detectors of faces. Their landmarks are not read.
#include <algorithm>
#include <cmath>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

/// Scores [N,P,1+C], of which the first is "nothing", and boxes [N,P,4] as corners in parts of the
/// picture.
class Ultraface final : public BoxDecoder {
 public:
  Ultraface(BoxRules rules, std::size_t scores, std::size_t boxes, std::size_t rows)
      : BoxDecoder(std::move(rules)), scores_(scores), boxes_(boxes), rows_(rows) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const auto width = static_cast<float>(input().width);
    const auto height = static_cast<float>(input().height);
    const float* scores = outputs[scores_] + 1;
    const float* box = outputs[boxes_];
    for (std::size_t i = 0; i < rows_; ++i, scores += 1 + rules().labels, box += 4) {
      const std::size_t best = BestOf(scores, rules().labels);
      if (!(scores[best] >= min_score)) continue;
      found->push_back({Corners(box[0] * width, box[1] * height, box[2] * width, box[3] * height),
                        scores[best], static_cast<int>(best)});
    }
  }

  const std::size_t scores_;
  const std::size_t boxes_;
  const std::size_t rows_;
};

constexpr int kStrides[] = {8, 16, 32};
constexpr std::size_t kGrids = 3;

/// Of each grid: class and objectness [N,n,1], whose score is the root of their product, and the
/// box [N,n,4] as in YOLOX.
class Yunet final : public BoxDecoder {
 public:
  struct Grid {
    std::size_t classes;
    std::size_t objectness;
    std::size_t boxes;
  };

  Yunet(BoxRules rules, const std::array<Grid, kGrids>& grids)
      : BoxDecoder(std::move(rules)), grids_(grids) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    for (std::size_t i = 0; i < kGrids; ++i) {
      const float* const classes = outputs[grids_[i].classes];
      const float* const objectness = outputs[grids_[i].objectness];
      const float* box = outputs[grids_[i].boxes];
      const int across = input().width / kStrides[i];
      const int cells = across * (input().height / kStrides[i]);
      const auto stride = static_cast<float>(kStrides[i]);
      for (int cell = 0; cell < cells; ++cell, box += 4) {
        const float score = std::sqrt(classes[cell] * objectness[cell]);
        if (!(score >= min_score)) continue;
        const int x = cell % across;
        const int y = cell / across;
        found->push_back({Centred((static_cast<float>(x) + box[0]) * stride,
                                  (static_cast<float>(y) + box[1]) * stride,
                                  std::exp(box[2]) * stride, std::exp(box[3]) * stride),
                          score, 0});
      }
    }
  }

  const std::array<Grid, kGrids> grids_;
};

}  // namespace

// RGB, (x - 127) / 128, stretched.
// @see run_video_face_detect_onnx.py of Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB
Status BindUltraface(const DecoderOptions& options, const ModelIo& io,
                     std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckOutputs(io, 2, options);
  // What DETR calls so is no probability.
  if (status.ok() && OutputNamed(io, {"logits"})) {
    status = OtherOutputs(io, "scores [N,P,1+C] and boxes [N,P,4]", options);
  }
  if (!status.ok()) return status;
  const auto columns = static_cast<std::int64_t>(1 + options.labels);
  const auto ends_with = [&](std::size_t number, std::int64_t last) {
    const Shape& shape = io.outputs()[number].shape;
    return shape.rank() == 3 && (shape[2] == last || shape[2] < 0);
  };
  const auto named = OutputNamed(io, {"score"});
  const std::size_t scores = named ? *named : (ends_with(0, columns) && !ends_with(0, 4) ? 0 : 1);
  const std::size_t boxes = 1 - scores;
  if (!ends_with(scores, columns) || !ends_with(boxes, 4)) {
    return OtherOutputs(io, "scores [N,P,1+C] and boxes [N,P,4]", options);
  }
  std::int64_t rows = 0;
  status = ReadRows(io, boxes, 1, options, &rows);
  if (status.ok()) status = CheckOutput(io, boxes, {io.batch, rows, 4}, options);
  if (status.ok()) status = CheckOutput(io, scores, {io.batch, rows, columns}, options);
  if (status.ok()) {
    *decoder = std::make_unique<Ultraface>(BoxRules::Of(options, io, PreprocessSpec::Ultraface()),
                                           scores, boxes, static_cast<std::size_t>(rows));
  }
  return status;
}

// BGR 0–255, at the top left on black.
// @see mmdet/models/dense_heads/yunet_head.py of ShiqiYu/libfacedetection.train;
// modules/objdetect/src/face_detect.cpp of opencv/opencv
Status BindYunet(const DecoderOptions& options, const ModelIo& io,
                 std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckStride(io, kStrides[kGrids - 1], options);
  if (status.ok() && options.labels != 1) {
    status = OtherOutputs(io, "one label, a face,", options);
  }
  std::array<Yunet::Grid, kGrids> grids{};
  for (std::size_t i = 0; i < kGrids && status.ok(); ++i) {
    const std::string stride = std::to_string(kStrides[i]);
    const auto classes = OutputNamed(io, {("cls_" + stride).c_str()});
    const auto objectness = OutputNamed(io, {("obj_" + stride).c_str()});
    const auto boxes = OutputNamed(io, {("bbox_" + stride).c_str()});
    if (!classes || !objectness || !boxes) {
      return OtherOutputs(io, "outputs cls_, obj_ and bbox_ for each of the strides 8, 16, 32",
                          options);
    }
    grids[i] = {*classes, *objectness, *boxes};
    const std::int64_t cells = CellsOf(io.size, {kStrides[i]});
    status = CheckOutput(io, *classes, {io.batch, cells, 1}, options);
    if (status.ok()) status = CheckOutput(io, *objectness, {io.batch, cells, 1}, options);
    if (status.ok()) status = CheckOutput(io, *boxes, {io.batch, cells, 4}, options);
    const auto landmarks = OutputNamed(io, {("kps_" + stride).c_str()});
    if (status.ok() && landmarks) {
      status = CheckOutput(io, *landmarks, {io.batch, cells, 10}, options);
    }
  }
  if (status.ok()) {
    *decoder = std::make_unique<Yunet>(BoxRules::Of(options, io, PreprocessSpec::Yunet()), grids);
  }
  return status;
}

}  // namespace jetfleet
