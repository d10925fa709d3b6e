#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/detect/detector.h"
#include "core/detect/preprocess.h"
#include "core/status.h"

namespace jetfleet {

struct ModelOptions {
  /// Names the model in results.
  std::string id;
  DetectorOptions detector;
  std::vector<std::string> labels;
  float min_score = 0;
};

/// What results say of the model that made them.
struct ModelTag {
  std::string id;
  std::vector<std::string> labels;
};

/// A model at work in a pipeline, with what is made for its input. Frames hold it from
/// preprocessing on, so that one frame meets one model only.
struct Model {
  Model(ModelTag model_tag, float score, std::unique_ptr<Detector> model_detector);

  struct LoadTimes {
    double load_ms = 0;
    double warm_ms = 0;
  };
  static Status Load(const ModelOptions& options, std::shared_ptr<Model>* model);
  /// Loads, and runs once on grey (see Detector::Warm), on a thread that leaves the processor to
  /// those that carry frames. Slow. MODEL_INVALID when the model cannot be used.
  static Status LoadAndWarm(const ModelOptions& options, std::shared_ptr<Model>* model,
                            LoadTimes* times);

  const std::shared_ptr<const ModelTag> tag;
  const float min_score;
  /// For the preprocess stage's thread only.
  Preprocessor preprocessor;
  /// For the detect stage's thread only.
  const std::unique_ptr<Detector> detector;
};

}  // namespace jetfleet
