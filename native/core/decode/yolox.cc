#include "core/decode/yolox.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "backends/backend_abi.h"
#include "core/decode/model_check.h"
#include "core/decode/nms.h"

namespace jetfleet {
namespace {

constexpr int kStrides[] = {8, 16, 32};
constexpr int kLargestStride = 32;
constexpr std::size_t kBoxFields = 5;  // dx, dy, log w, log h, objectness

}  // namespace

Status YoloxDecoder::Bind(const DecoderOptions& options, const ModelInfo& info,
                          std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckOneFloat(info.inputs, "input");
  if (status.ok()) status = CheckOneFloat(info.outputs, "output");
  std::unique_ptr<YoloxDecoder> made;
  if (status.ok()) status = Create(info.inputs[0].shape, info.outputs[0].shape, options, &made);
  if (status.ok()) *decoder = std::move(made);
  return status;
}

Status YoloxDecoder::Create(const Shape& input_shape, const Shape& output_shape,
                            const DecoderOptions& options, std::unique_ptr<YoloxDecoder>* decoder) {
  Status status = CheckPicture(input_shape, kLargestStride, options.name);
  if (!status.ok()) return status;

  std::unique_ptr<YoloxDecoder> owner(new YoloxDecoder);
  YoloxDecoder& made = *owner;
  made.nms_iou_ = options.nms_iou;
  made.input_ = {static_cast<int>(input_shape[3]), static_cast<int>(input_shape[2])};
  made.classes_ = options.labels;
  for (int stride : kStrides) {
    for (int y = 0; y < made.input_.height / stride; ++y) {
      for (int x = 0; x < made.input_.width / stride; ++x) {
        made.cells_.push_back(
            {static_cast<float>(x), static_cast<float>(y), static_cast<float>(stride)});
      }
    }
  }

  status = CheckOutput({input_shape[0], static_cast<std::int64_t>(made.cells_.size()),
                        static_cast<std::int64_t>(kBoxFields + options.labels)},
                       output_shape, options);
  if (status.ok()) *decoder = std::move(owner);
  return status;
}

void YoloxDecoder::Decode(const std::vector<TensorView>& outputs, std::int64_t item,
                          const Placement& placement, float min_score,
                          std::vector<Detection>* detections) const {
  DecodeCells(outputs[0].Slot(item).Host<const float>(), min_score, detections);
  Finish(placement, detections);
}

std::optional<CandidateHead> YoloxDecoder::head() const { return CandidateHead{JF_HEAD_YOLOX, 0}; }

void YoloxDecoder::Finish(const Placement& placement, std::vector<Detection>* detections) const {
  FinishBoxes(nms_iou_, placement, detections);
}

void YoloxDecoder::DecodeCells(const float* output, float min_score,
                               std::vector<Detection>* found) const {
  found->clear();
  const std::size_t row_size = kBoxFields + classes_;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const float* row = output + i * row_size;
    const float objectness = row[4];
    // No class can lift the product above the objectness: most cells end here. NaN ends here as
    // well.
    if (!(objectness >= min_score)) continue;
    const float* scores = row + kBoxFields;
    const float* best = std::max_element(scores, scores + classes_);
    const float score = objectness * *best;
    if (!(score >= min_score)) continue;

    const Cell& cell = cells_[i];
    const float width = std::exp(row[2]) * cell.stride;
    const float height = std::exp(row[3]) * cell.stride;
    const float left = (row[0] + cell.x) * cell.stride - width / 2;
    const float top = (row[1] + cell.y) * cell.stride - height / 2;
    if (!std::isfinite(left + top + width + height)) continue;
    found->push_back({{left, top, width, height},
                      std::min(score, 1.0F),
                      static_cast<int>(std::distance(scores, best))});
  }
}

}  // namespace jetfleet
