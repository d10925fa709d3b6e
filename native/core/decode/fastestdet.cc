#include "core/decode/fastestdet.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>
#include <utility>

#include "core/decode/model_check.h"
#include "core/decode/nms.h"

namespace jetfleet {
namespace {

constexpr int kStride = 16;
constexpr std::size_t kBoxFields = 5;  // objectness, x, y, w, h
constexpr float kObjectnessPower = 0.6F;
constexpr float kClassPower = 0.4F;

float Sigmoid(float value) { return 1 / (1 + std::exp(-value)); }

}  // namespace

Status FastestDetDecoder::Bind(const DecoderOptions& options, const ModelInfo& info,
                               std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckOneFloat(info.inputs, "input");
  if (status.ok()) status = CheckOneFloat(info.outputs, "output");
  if (!status.ok()) return status;
  const Shape& input = info.inputs[0].shape;
  status = CheckPicture(input, kStride, options.name);
  if (!status.ok()) return status;
  std::unique_ptr<FastestDetDecoder> made(new FastestDetDecoder);
  made->input_ = {static_cast<int>(input[3]), static_cast<int>(input[2])};
  made->grid_ = {made->input_.width / kStride, made->input_.height / kStride};
  made->cells_ =
      static_cast<std::size_t>(made->grid_.width) * static_cast<std::size_t>(made->grid_.height);
  made->classes_ = options.labels;
  made->nms_iou_ = options.nms_iou;
  status = CheckOutput({input[0], static_cast<std::int64_t>(kBoxFields + options.labels),
                        made->grid_.height, made->grid_.width},
                       info.outputs[0].shape, options);
  if (status.ok()) *decoder = std::move(made);
  return status;
}

void FastestDetDecoder::Decode(const std::vector<TensorView>& outputs, std::int64_t item,
                               const Placement& placement, float min_score,
                               std::vector<Detection>* detections) const {
  detections->clear();
  const auto* cell = outputs[0].Slot(item).Host<const float>();
  assert(cell != nullptr);
  for (int y = 0; y < grid_.height; ++y) {
    for (int x = 0; x < grid_.width; ++x) DecodeCell(cell++, x, y, min_score, detections);
  }
  Finish(placement, detections);
}

void FastestDetDecoder::DecodeCell(const float* cell, int x, int y, float min_score,
                                   std::vector<Detection>* found) const {
  const auto channel = [&](std::size_t number) { return cell[number * cells_]; };
  // Of what no class can lift to the score, the classes need not be read. NaN ends here as well.
  const float objectness = std::pow(channel(0), kObjectnessPower);
  if (!(objectness >= min_score)) return;
  std::size_t best = 0;
  for (std::size_t label = 1; label < classes_; ++label) {
    if (channel(kBoxFields + label) > channel(kBoxFields + best)) best = label;
  }
  const float score = objectness * std::pow(channel(kBoxFields + best), kClassPower);
  if (!(score >= min_score)) return;
  const auto width = Sigmoid(channel(3)) * static_cast<float>(input_.width);
  const auto height = Sigmoid(channel(4)) * static_cast<float>(input_.height);
  const float left = (static_cast<float>(x) + std::tanh(channel(1))) * kStride - width / 2;
  const float top = (static_cast<float>(y) + std::tanh(channel(2))) * kStride - height / 2;
  if (!std::isfinite(left + top + width + height)) return;
  found->push_back({{left, top, width, height}, std::min(score, 1.0F), static_cast<int>(best)});
}

void FastestDetDecoder::Finish(const Placement& placement,
                               std::vector<Detection>* detections) const {
  FinishBoxes(nms_iou_, placement, detections);
}

}  // namespace jetfleet
