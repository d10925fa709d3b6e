#include "core/detect/detector.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/detect/backend_loader.h"
#include "core/detect/nms.h"
#include "core/detect/shape_text.h"

namespace jetfleet {
namespace {

/// A free first dimension means "any batch": we run one picture at a time.
std::vector<std::int64_t> WithBatchOne(std::vector<std::int64_t> shape) {
  if (!shape.empty() && shape[0] < 0) shape[0] = 1;
  return shape;
}

std::string Describe(const std::vector<TensorInfo>& tensors) {
  std::string text;
  for (const TensorInfo& tensor : tensors) {
    if (!text.empty()) text += ", ";
    text += tensor.name + " " + tensor.type + ShapeText(tensor.shape);
  }
  return text.empty() ? "none" : text;
}

Status CheckOneFloat(const std::vector<TensorInfo>& tensors, const char* what) {
  if (tensors.size() == 1 && tensors[0].type == "float32") return Status::Ok();
  return Status::Error(ErrorCode::kModelInvalid, std::string("Expected one float32 ") + what +
                                                     " but got " + Describe(tensors) +
                                                     " while checking the model");
}

}  // namespace

Status Detector::Load(const DetectorOptions& options, std::unique_ptr<Detector>* detector) {
  Backend* backend = nullptr;
  Status status = OpenBackend(options.backend_path, options.runtime_path, &backend);
  if (!status.ok()) return status;
  std::unique_ptr<Session> session;
  status = backend->Load({options.model_path, options.threads}, &session);
  if (!status.ok()) return status;
  return Wrap(std::move(session), options, detector);
}

Status Detector::Wrap(std::unique_ptr<Session> session, const DetectorOptions& options,
                      std::unique_ptr<Detector>* detector) {
  const ModelInfo& info = session->Inspect();
  Status status = CheckOneFloat(info.inputs, "input");
  if (status.ok()) status = CheckOneFloat(info.outputs, "output");
  if (!status.ok()) return status;

  YoloxDecoder decoder;
  status = YoloxDecoder::Create(WithBatchOne(info.inputs[0].shape),
                                WithBatchOne(info.outputs[0].shape), options.labels, &decoder);
  if (!status.ok()) return status;
  detector->reset(new Detector(std::move(session), std::move(decoder), options.nms_iou));
  return Status::Ok();
}

Detector::Detector(std::unique_ptr<Session> session, YoloxDecoder decoder, float nms_iou)
    : session_(std::move(session)), decoder_(std::move(decoder)), nms_iou_(nms_iou) {
  const ModelInfo& info = session_->Inspect();
  input_shape_ = WithBatchOne(info.inputs[0].shape);
  output_shape_ = WithBatchOne(info.outputs[0].shape);
  output_.resize(static_cast<std::size_t>(output_shape_[1] * output_shape_[2]));
}

Status Detector::Warm() {
  constexpr float kGrey = 114;
  Tensor grey(static_cast<std::size_t>(input().width) * input().height * 3, kGrey);
  const Status status = session_->Enqueue({{grey.data(), grey.size(), input_shape_}},
                                          {{output_.data(), output_.size(), output_shape_}});
  constexpr char kDoing[] = " while trying the model on a grey picture";
  if (!status.ok()) return Status::Error(ErrorCode::kModelInvalid, status.message + kDoing);
  const auto bad = std::count_if(output_.begin(), output_.end(),
                                 [](float value) { return !std::isfinite(value); });
  if (bad == 0) return Status::Ok();
  return Status::Error(ErrorCode::kModelInvalid,
                       "Expected finite numbers but got " + std::to_string(bad) + " of " +
                           std::to_string(output_.size()) + " that are not" + kDoing);
}

Status Detector::Run(Tensor* tensor, const Letterbox& letterbox, float min_score,
                     std::vector<Detection>* detections) {
  const Status status = session_->Enqueue({{tensor->data(), tensor->size(), input_shape_}},
                                          {{output_.data(), output_.size(), output_shape_}});
  if (!status.ok()) return status;
  *detections = SuppressNonMaxima(decoder_.Decode(output_.data(), min_score), nms_iou_);
  for (Detection& detection : *detections) detection.box = letterbox.Undo(detection.box);
  return Status::Ok();
}

}  // namespace jetfleet
