// YOLO heads whose boxes the model has worked out, in pixels of its input.
#include <algorithm>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

constexpr int kLargestStride = 32;
constexpr std::size_t kBoxFields = 5;  // cx, cy, w, h, objectness
constexpr std::int64_t kAnchors = 3;

/// [N,A,5+C]: cx, cy, w, h, objectness, C class scores; score = objectness × class.
class Rows final : public BoxDecoder {
 public:
  Rows(BoxRules rules, std::size_t rows) : BoxDecoder(std::move(rules)), rows_(rows) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const std::size_t classes = rules().labels;
    const float* row = outputs[0];
    for (std::size_t i = 0; i < rows_; ++i, row += kBoxFields + classes) {
      if (!(row[4] >= min_score)) continue;
      const std::size_t best = BestOf(row + kBoxFields, classes);
      const float score = row[4] * row[kBoxFields + best];
      if (!(score >= min_score)) continue;
      found->push_back({Centred(row[0], row[1], row[2], row[3]), score, static_cast<int>(best)});
    }
  }

  const std::size_t rows_;
};

/// [N,4+C,A]: cx, cy, w, h and C class scores, each of all candidates together.
class Channels final : public BoxDecoder {
 public:
  Channels(BoxRules rules, std::size_t rows) : BoxDecoder(std::move(rules)), rows_(rows) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const float* const boxes = outputs[0];
    // Candidates lie side by side, so the best class of all is sought at once.
    std::vector<float> best(boxes + 4 * rows_, boxes + 5 * rows_);
    std::vector<int> labels(rows_, 0);
    for (std::size_t label = 1; label < rules().labels; ++label) {
      const float* const scores = boxes + (4 + label) * rows_;
      for (std::size_t i = 0; i < rows_; ++i) {
        const bool better = scores[i] > best[i];
        best[i] = better ? scores[i] : best[i];
        labels[i] = better ? static_cast<int>(label) : labels[i];
      }
    }
    for (std::size_t i = 0; i < rows_; ++i) {
      if (!(best[i] >= min_score)) continue;
      const Box box =
          Centred(boxes[i], boxes[rows_ + i], boxes[2 * rows_ + i], boxes[3 * rows_ + i]);
      found->push_back({box, best[i], labels[i]});
    }
  }

  const std::size_t rows_;
};

/// [N,K,6]: left, top, right, bottom, score, class. The model has chosen its best already.
class EndToEnd final : public BoxDecoder {
 public:
  EndToEnd(BoxRules rules, std::size_t rows) : BoxDecoder(std::move(rules)), rows_(rows) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const float* row = outputs[0];
    for (std::size_t i = 0; i < rows_; ++i, row += 6) {
      if (!(row[4] >= min_score)) continue;
      // A class that is no whole number is none.
      const int label =
          row[5] == static_cast<float>(static_cast<int>(row[5])) ? static_cast<int>(row[5]) : -1;
      found->push_back({Corners(row[0], row[1], row[2], row[3]), row[4], label});
    }
  }

  const std::size_t rows_;
};

/// Grids with a stride of 4 for small things, or of 64 for large pictures, are trained, too.
template <typename Check>
Status CheckGrids(const ModelIo& io, std::int64_t anchors, Check check, std::int64_t* rows) {
  Status first;
  const std::int64_t counts[] = {CellsOf(io.size, {8, 16, 32}), CellsOf(io.size, {8, 16, 32, 64}),
                                 CellsOf(io.size, {4, 8, 16, 32}), CellsOf(io.size, {16, 32})};
  for (const std::int64_t count : counts) {
    *rows = count * anchors;
    Status status = check(*rows);
    if (status.ok()) return status;
    if (first.ok()) first = std::move(status);
  }
  return first;
}

Status BindRows(const DecoderOptions& options, const ModelIo& io, std::int64_t anchors,
                PreprocessSpec preprocess, std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckStride(io, kLargestStride, options);
  if (status.ok()) status = CheckOutputs(io, 1, options);
  std::int64_t rows = 0;
  if (status.ok()) {
    const auto check = [&](std::int64_t count) {
      return CheckOutput(io, 0,
                         {io.batch, count, static_cast<std::int64_t>(kBoxFields + options.labels)},
                         options);
    };
    status = CheckGrids(io, anchors, check, &rows);
  }
  if (status.ok()) {
    *decoder = std::make_unique<Rows>(BoxRules::Of(options, io, preprocess),
                                      static_cast<std::size_t>(rows));
  }
  return status;
}

}  // namespace

// YOLOX exported with --decode_in_inference; pictures as for the raw head.
// @see tools/export_onnx.py and yolox/models/yolo_head.py of Megvii-BaseDetection/YOLOX
Status BindYoloxDecoded(const DecoderOptions& options, const ModelIo& io,
                        std::unique_ptr<OutputDecoder>* decoder) {
  return BindRows(options, io, 1, PreprocessSpec::Yolox(), decoder);
}

// YOLOv5 and v7: three anchors in each cell; letterbox centred, RGB 0–1.
// @see models/yolo.py (Detect) and utils/general.py (non_max_suppression) of ultralytics/yolov5,
// models/yolo.py of WongKinYiu/yolov7
Status BindYolov5(const DecoderOptions& options, const ModelIo& io,
                  std::unique_ptr<OutputDecoder>* decoder) {
  return BindRows(options, io, kAnchors, PreprocessSpec::YoloCentred(), decoder);
}

// YOLOv8, v9, 11: no objectness.
// @see ultralytics/nn/modules/head.py (Detect) and ultralytics/utils/nms.py of
// ultralytics/ultralytics
Status BindYolov8(const DecoderOptions& options, const ModelIo& io,
                  std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckStride(io, kLargestStride, options);
  if (status.ok()) status = CheckOutputs(io, 1, options);
  std::int64_t rows = 0;
  if (status.ok()) {
    const auto check = [&](std::int64_t count) {
      return CheckOutput(io, 0, {io.batch, static_cast<std::int64_t>(4 + options.labels), count},
                         options);
    };
    status = CheckGrids(io, 1, check, &rows);
  }
  if (status.ok()) {
    *decoder = std::make_unique<Channels>(BoxRules::Of(options, io, PreprocessSpec::YoloCentred()),
                                          static_cast<std::size_t>(rows));
  }
  return status;
}

// YOLOv10 and YOLO26: end to end.
// @see ultralytics/nn/modules/head.py (v10Detect, postprocess) of THU-MIG/yolov10
Status BindYoloEndToEnd(const DecoderOptions& options, const ModelIo& io,
                        std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckStride(io, kLargestStride, options);
  if (status.ok()) status = CheckOutputs(io, 1, options);
  std::int64_t rows = 0;
  if (status.ok()) status = CheckOutput(io, 0, {io.batch, -1, 6}, options);
  if (status.ok()) status = ReadRows(io, 0, 1, options, &rows);
  // More rows than are ever chosen: another head of one class.
  if (status.ok() && rows >= CellsOf(io.size, {8, 16, 32})) {
    status = OtherOutputs(io, "one output [N,K,6] of the K best boxes", options);
  }
  if (!status.ok()) return status;
  BoxRules rules = BoxRules::Of(options, io, PreprocessSpec::YoloCentred());
  rules.merge = BoxRules::Merge::kNone;
  *decoder = std::make_unique<EndToEnd>(std::move(rules), static_cast<std::size_t>(rows));
  return Status::Ok();
}

}  // namespace jetfleet
