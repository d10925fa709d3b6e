#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "core/detect/letterbox.h"
#include "core/detect/yolox.h"
#include "core/tensor_pool.h"

namespace jetfleet {

struct DetectorOptions {
  std::string model_path;
  std::string backend_path;
  std::string runtime_path;
  std::size_t labels = 0;
  float nms_iou = 0.45F;
  int threads = 1;
};

/// A detection model ready to run: session, decoder, NMS. Not thread-safe.
class Detector {
 public:
  static Status Load(const DetectorOptions& options, std::unique_ptr<Detector>* detector);
  /// For sessions that are already there (tests bring their own).
  static Status Wrap(std::unique_ptr<Session> session, const DetectorOptions& options,
                     std::unique_ptr<Detector>* detector);

  Size input() const { return decoder_.input(); }

  /// Runs once on a grey picture, so that the first frame does not pay for what a runtime does only
  /// then. MODEL_INVALID when the model does not run or answers with what is no number.
  Status Warm();

  /// Detections in source pixels, best first, none below `min_score`.
  Status Run(Tensor* tensor, const Letterbox& letterbox, float min_score,
             std::vector<Detection>* detections);

 private:
  Detector(std::unique_ptr<Session> session, YoloxDecoder decoder, float nms_iou);

  std::unique_ptr<Session> session_;
  YoloxDecoder decoder_;
  float nms_iou_;
  std::vector<std::int64_t> input_shape_;
  std::vector<std::int64_t> output_shape_;
  Tensor output_;
};

}  // namespace jetfleet
