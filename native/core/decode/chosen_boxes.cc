// Detectors that end with a suppression of their own: what they answer are boxes already chosen,
// and a picture without any is as good as another.
#include <cmath>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

/// What one output each says of every box.
struct Places {
  std::size_t boxes;
  std::size_t scores;
  std::size_t classes;
  /// How many rows are boxes; the others are left from before.
  std::optional<std::size_t> count;
  std::size_t rows;
  /// The first class has this number.
  int first_class;
  /// Boxes are top, left, bottom, right as parts of the picture, not left, top, right, bottom in
  /// pixels.
  bool as_parts;
};

int WholeNumber(float value) {
  return std::fabs(value) < 1e6F && value == std::floor(value) ? static_cast<int>(value) : -1;
}

class ChosenBoxes final : public BoxDecoder {
 public:
  ChosenBoxes(BoxRules rules, const Places& places)
      : BoxDecoder(std::move(rules)), places_(places) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const float* const scores = outputs[places_.scores];
    const float* const classes = outputs[places_.classes];
    const float* box = outputs[places_.boxes];
    std::size_t rows = places_.rows;
    if (places_.count) {
      const float count = outputs[*places_.count][0];
      rows =
          count >= 0 && count < static_cast<float>(rows) ? static_cast<std::size_t>(count) : rows;
    }
    const auto width = static_cast<float>(input().width);
    const auto height = static_cast<float>(input().height);
    for (std::size_t i = 0; i < rows; ++i, box += 4) {
      if (!(scores[i] >= min_score)) continue;
      const int label = WholeNumber(classes[i]);
      const Box at = places_.as_parts
                         ? Corners(box[1] * width, box[0] * height, box[3] * width, box[2] * height)
                         : Corners(box[0], box[1], box[2], box[3]);
      found->push_back(
          {at, scores[i], label < places_.first_class ? -1 : label - places_.first_class});
    }
  }

  const Places places_;
};

/// [1,1,K,7]: picture of the batch, class, score, left, top, right, bottom as parts of the picture.
/// Ends at the first row of picture -1.
class DetectionOutput final : public BoxDecoder {
 public:
  DetectionOutput(BoxRules rules, std::size_t rows) : BoxDecoder(std::move(rules)), rows_(rows) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const auto width = static_cast<float>(input().width);
    const auto height = static_cast<float>(input().height);
    const float* row = outputs[0];
    for (std::size_t i = 0; i < rows_ && row[0] >= 0; ++i, row += 7) {
      if (!(row[2] >= min_score)) continue;
      // Class 0 is the background, which is not told of.
      found->push_back({Corners(row[3] * width, row[4] * height, row[5] * width, row[6] * height),
                        row[2], WholeNumber(row[1]) - 1});
    }
  }

  const std::size_t rows_;
};

Status BindPlaces(const DecoderOptions& options, const ModelIo& io, Places places, bool flat_counts,
                  PreprocessSpec preprocess, std::unique_ptr<OutputDecoder>* decoder) {
  std::int64_t rows = 0;
  Status status = ReadRows(io, places.boxes, 1, options, &rows);
  if (status.ok()) status = CheckOutput(io, places.boxes, {io.batch, rows, 4}, options);
  if (status.ok()) status = CheckOutput(io, places.scores, {io.batch, rows}, options);
  if (status.ok()) status = CheckOutput(io, places.classes, {io.batch, rows}, options);
  if (status.ok() && places.count) {
    const Shape count = flat_counts ? Shape{io.batch} : Shape{io.batch, 1};
    status = CheckOutput(io, *places.count, count, options);
  }
  if (!status.ok()) return status;
  places.rows = static_cast<std::size_t>(rows);
  BoxRules rules = BoxRules::Of(options, io, preprocess);
  rules.merge = BoxRules::Merge::kNone;
  rules.dense = false;
  *decoder = std::make_unique<ChosenBoxes>(std::move(rules), places);
  return Status::Ok();
}

}  // namespace

// SSD of TensorFlow's object detection API: four outputs, known by their names. Classes count from
// 1. uint8 pictures as they are, float32 ones from -1 to 1; stretched, RGB.
// @see research/object_detection/exporter_lib_v2.py and core/standard_fields.py of
// tensorflow/models
Status BindSsdTf(const DecoderOptions& options, const ModelIo& io,
                 std::unique_ptr<OutputDecoder>* decoder) {
  const auto boxes = OutputNamed(io, {"detection_boxes"});
  const auto scores = OutputNamed(io, {"detection_scores"});
  const auto classes = OutputNamed(io, {"detection_classes"});
  const auto count = OutputNamed(io, {"num_detections"});
  if (!boxes || !scores || !classes || !count) {
    return OtherOutputs(
        io, "outputs detection_boxes, detection_scores, detection_classes and num_detections",
        options);
  }
  const bool bytes = io.input().element == ElementType::kUint8;
  const Places places{*boxes, *scores, *classes, count, 0, 1, true};
  return BindPlaces(options, io, places, io.outputs()[*count].shape.rank() == 1,
                    bytes ? PreprocessSpec::Stretched() : PreprocessSpec::FromMinusOne(), decoder);
}

// The DetectionOutput layer of Caffe's SSD and of OpenVINO's models. One picture at a time, for
// rows of all pictures lie together. BGR 0–255, stretched.
// @see docs/articles_en/documentation/openvino-ir-format/operation-sets/operation-specs/detection/
// detectionoutput-8.rst of openvinotoolkit/openvino
Status BindDetectionOutput(const DecoderOptions& options, const ModelIo& io,
                           std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckOutputs(io, 1, options);
  std::int64_t rows = 0;
  if (status.ok()) status = CheckOutput(io, 0, {1, 1, -1, 7}, options);
  if (status.ok()) status = ReadRows(io, 0, 2, options, &rows);
  if (!status.ok()) return status;
  PreprocessSpec preprocess = PreprocessSpec::Stretched();
  preprocess.channels = PreprocessSpec::Channels::kBgr;
  BoxRules rules = BoxRules::Of(options, io, preprocess);
  rules.merge = BoxRules::Merge::kNone;
  rules.dense = false;
  *decoder = std::make_unique<DetectionOutput>(std::move(rules), static_cast<std::size_t>(rows));
  return Status::Ok();
}

// What TensorRT's plugin EfficientNMS gives, boxes as the exports of YOLO have them: corners in
// pixels of the input.
// @see plugin/efficientNMSPlugin/README.md of NVIDIA/TensorRT
Status BindEfficientNms(const DecoderOptions& options, const ModelIo& io,
                        std::unique_ptr<OutputDecoder>* decoder) {
  const auto count = OutputNamed(io, {"num_det"});
  const auto boxes = OutputNamed(io, {"det_boxes", "detection_boxes"});
  const auto scores = OutputNamed(io, {"det_scores", "detection_scores"});
  const auto classes = OutputNamed(io, {"det_classes", "detection_classes"});
  if (!boxes || !scores || !classes || !count || io.outputs()[*count].shape.rank() != 2) {
    return OtherOutputs(io, "outputs num_dets [N,1], det_boxes, det_scores and det_classes",
                        options);
  }
  const Places places{*boxes, *scores, *classes, count, 0, 0, false};
  return BindPlaces(options, io, places, false, PreprocessSpec::YoloCentred(), decoder);
}

}  // namespace jetfleet
