#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"

namespace jetfleet {

/// What is counted at in a pipeline. The limits are those of fleet/spec.
constexpr std::size_t kMostLines = 32;
constexpr std::size_t kMostZones = 32;
constexpr std::size_t kLeastCorners = 3;
constexpr std::size_t kMostCorners = 64;

/// A share of the picture's width and height, 0 to 1, from the top left.
struct PicturePoint {
  double x = 0;
  double y = 0;
};

/// Which objects count.
struct ObjectFilter {
  /// Any of these; empty: all.
  std::vector<std::string> labels;
  /// The best score that the object has had so far.
  double min_score = 0;
  /// Of the box, as shares of the picture's area; a box of another size is as one not seen.
  double min_size = 0;
  std::optional<double> max_size;
};

struct LineOptions {
  std::string name;
  /// Empty: every source of the pipeline.
  std::string source;
  PicturePoint from;
  PicturePoint to;
  /// Share of the picture's height by which an object has to be beyond the line.
  double margin = 0.01;
  ObjectFilter filter;
};

struct ZoneOptions {
  std::string name;
  std::string source;
  /// Corners in order, either way round; the last is joined to the first.
  std::vector<PicturePoint> points;
  /// Share of the picture's height by which an object has to be outside to have left.
  double margin = 0.01;
  /// An object has entered when it has been inside for so many seconds.
  double min_dwell_seconds = 0;
  ObjectFilter filter;
};

struct AnalyticsOptions {
  std::vector<LineOptions> lines;
  std::vector<ZoneOptions> zones;
  /// Of the frames' time, between two updates of an event.
  double update_seconds = 10;
};

/// MODEL_INVALID where a line or zone counts objects of a label that is none of a model's `labels`:
/// it would tell of none for ever.
Status CheckLabels(const AnalyticsOptions& options, const std::vector<std::string>& labels);

}  // namespace jetfleet
