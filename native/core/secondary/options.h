#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/infer/model_program.h"

namespace jetfleet {

/// As fleet/spec has it.
constexpr std::size_t kMostSecondaries = 4;
/// Crops that one run is to hold, where the model answers so many as each alone.
constexpr std::int64_t kCropsInARun = 8;

/// Which tracked objects a secondary model looks at, and when.
struct SecondaryOptions {
  /// The key of what it says.
  std::string name;
  /// Of the main model; empty: all.
  std::vector<std::string> labels;
  /// Of a classifier's answer to be told.
  float min_score = 0.5F;
  /// Share of the picture's height: smaller objects are not looked at yet.
  double min_height = 0.05;
  /// Of the source's time; none: an object that it has answered is not looked at again.
  std::optional<double> refresh_seconds;
};

struct SecondaryModel {
  SecondaryOptions options;
  /// Warm, and tried with `kCropsInARun`. Its first lane does the work.
  std::shared_ptr<ModelProgram> model;
};

/// MODEL_INVALID unless it is a classifier or one of re-identification.
Status CheckSecondary(const ModelProgram& model);

/// MODEL_INVALID where it looks at objects of a label that is none of a main model's `labels`: it
/// would look at none for ever.
Status CheckLabels(const SecondaryOptions& options, const std::vector<std::string>& labels);

/// Loads it, warms it and tries how many crops a run may hold. Errors are those of the model and
/// name it. Slow.
Status LoadSecondary(const SecondaryOptions& options, const ModelOptions& model,
                     SecondaryModel* loaded);

}  // namespace jetfleet
