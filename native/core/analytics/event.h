#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/geometry.h"

namespace jetfleet {

/// When something was seen.
struct Moment {
  /// Of the frame's own time.
  double seconds = 0;
  /// By the camera's clock, milliseconds since 1970; nothing where that is not known.
  std::optional<double> captured_at_ms;
};

/// Why a visit of a zone is over.
enum class VisitEnd {
  kLeft,
  /// The tracker has given the object up, or it is no longer one that counts there.
  kLost,
  /// The picture has another size, or time has jumped back.
  kCut,
  /// The source gives no pictures any more, but may again.
  kSourceLost,
  /// The source has ended, or was taken away.
  kSourceEnded,
};

const char* VisitEndName(VisitEnd end);

/// What happened at a line or in a zone. A visit of a zone is an event that starts, is updated
/// while it lasts and ends; a crossing of a line is one that is over at once.
struct AnalyticsEvent {
  enum class Kind { kLineCrossed, kZoneEntered, kZoneStayed, kZoneLeft };

  Kind kind = Kind::kLineCrossed;
  /// From 1, in its source; those of one visit share it.
  std::uint64_t id = 0;
  /// Of the source in the pipeline.
  std::shared_ptr<const std::string> source;
  /// Name of the line or zone.
  std::string place;
  /// Of a crossing, 1: in, from the line's left to its right; -1: out.
  int direction = 0;
  int track = 0;
  std::string label;
  Size picture;
  Moment at;
  /// Where the object was then.
  Box box;
  /// Of a visit: since it came in, up to `at`.
  double dwell_seconds = 0;
  /// Of `kZoneLeft`.
  VisitEnd end = VisitEnd::kLeft;
  /// The best score of the object so far, and when and where it had it.
  float best_score = 0;
  Moment best_at;
  Box best_box;
};

}  // namespace jetfleet
