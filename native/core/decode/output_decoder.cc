#include "core/decode/output_decoder.h"

#include <algorithm>
#include <utility>

#include "core/decode/families.h"
#include "core/decode/model_check.h"

namespace jetfleet {
namespace {

struct Row {
  const char* name;
  BindFamily bind;
  /// Not inferred: another name of a family, or one whose outputs look like any.
  bool only_by_name = false;
};

/// One row for each family of models and each name that it goes by.
constexpr Row kDecoders[] = {
    {"yolox", BindYolox},
    {"yolox-decoded", BindYoloxDecoded},
    {"fastestdet", BindFastestDet},
    {"yolov2", BindYolov2},
    {"yolov3", BindYolov3},
    {"yolov4", BindYolov4},
    {"yolov5", BindYolov5},
    {"yolov7", BindYolov5, true},
    {"yolov8", BindYolov8},
    {"yolov9", BindYolov8, true},
    {"yolo11", BindYolov8, true},
    {"yolov10", BindYoloEndToEnd},
    {"yolo26", BindYoloEndToEnd, true},
    {"nanodet", BindNanoDet},
    {"ssd-tf", BindSsdTf},
    {"ssd-detection-output", BindDetectionOutput},
    {"efficient-nms", BindEfficientNms},
    {"rt-detr", BindRtDetr},
    {"detr", BindDetr},
    {"ultraface", BindUltraface},
    {"yunet", BindYunet},
    {"centernet", BindCenterNet},
    {"classification", BindClassification},
    {"reid", BindReid, true},
    {"library", BindLibrary, true},
};

DecoderOptions Named(const DecoderOptions& options, const char* name) {
  DecoderOptions named = options;
  named.name = name;
  return named;
}

Status BindRow(const Row& row, const DecoderOptions& options, const ModelInfo& info,
               BoundDecoder* bound) {
  const DecoderOptions named = Named(options, row.name);
  BoundDecoder made;
  made.info = info;
  made.name = row.name;
  ModelIo io;
  Status status = FitPicture(named, &made.info, &io);
  if (status.ok()) status = row.bind(named, io, &made.decoder);
  if (!status.ok()) return status;
  made.picture = io.picture;
  const auto constants = made.decoder->constants();
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    const bool known =
        i == io.picture || std::any_of(constants.begin(), constants.end(),
                                       [i](const InputConstant& one) { return one.input == i; });
    if (known) continue;
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected one input, the picture, but got " + info.inputs[i].name + " " +
                             info.inputs[i].type + info.inputs[i].shape.Text() +
                             " beside it while checking the model for decoder " + row.name);
  }
  *bound = std::move(made);
  return Status::Ok();
}

Status Infer(const DecoderOptions& options, const ModelInfo& info, BoundDecoder* bound) {
  // What is wrong with the picture is wrong for all families.
  ModelInfo copy = info;
  ModelIo io;
  Status status = FitPicture(options, &copy, &io);
  if (!status.ok()) return status;
  std::string fitting;
  std::string why_not;
  for (const Candidate& one : TryFamilies(options, info)) {
    if (one.status.ok()) {
      fitting += (fitting.empty() ? "" : ", ") + one.name;
    } else {
      why_not += "\n  " + one.name + ": " + one.status.message;
    }
  }
  if (fitting.empty()) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected the outputs of a known decoder but none fits the model with " +
                             std::to_string(options.labels) + " labels:" + why_not);
  }
  if (fitting.find(',') != std::string::npos) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected outputs that only one decoder reads but these fit several: " +
                             fitting + "; name the one that the model was exported for");
  }
  status = BindDecoder(Named(options, fitting.c_str()), info, bound);
  bound->reason = "of all decoders only " + fitting + " fits the model's inputs, outputs and " +
                  std::to_string(options.labels) + " labels";
  return status;
}

}  // namespace

std::vector<Candidate> TryFamilies(const DecoderOptions& options, const ModelInfo& info) {
  std::vector<Candidate> candidates;
  for (const Row& row : kDecoders) {
    if (row.only_by_name) continue;
    BoundDecoder made;
    candidates.push_back({row.name, BindRow(row, options, info, &made)});
  }
  return candidates;
}

std::vector<float> OutputDecoder::Embed(const std::vector<TensorView>&, std::int64_t) const {
  return {};
}

Status OutputDecoder::Judge(const std::vector<TensorView>&, std::int64_t,
                            Impression* impression) const {
  ++impression->pictures;
  return Status::Ok();
}

Status OutputDecoder::Conclude(const Impression&) const { return Status::Ok(); }

Status BindDecoder(const DecoderOptions& options, const ModelInfo& info, BoundDecoder* bound) {
  if (options.name == "auto") return Infer(options, info, bound);
  std::string known;
  for (const Row& row : kDecoders) {
    if (options.name == row.name) return BindRow(row, options, info, bound);
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  return Status::Error(ErrorCode::kModelInvalid, "Expected a decoder of " + known + " but got " +
                                                     options.name + " while binding the model");
}

Status BindDecoder(const DecoderOptions& options, const ModelInfo& info,
                   std::unique_ptr<OutputDecoder>* decoder) {
  BoundDecoder bound;
  const Status status = BindDecoder(options, info, &bound);
  if (status.ok()) *decoder = std::move(bound.decoder);
  return status;
}

std::vector<std::string> DecoderNames() {
  std::vector<std::string> names;
  for (const Row& row : kDecoders) names.emplace_back(row.name);
  return names;
}

}  // namespace jetfleet
