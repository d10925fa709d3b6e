#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/json_text.h"
#include "core/pipeline_stats.h"

namespace jetfleet {

/// What was lost since the start of the pipeline behind or outside its stages.
struct DropCount {
  const char* place;
  const char* reason;
  std::uint64_t total;
};

/// Writes frames, `DetectedFrame` of fleet/contract. Most of a frame are its objects, so these are
/// written in one go each, and what they begin with is remembered for the labels of a model.
class FrameWriter {
 public:
  /// Detections and tracks that JSON cannot hold, or whose label the model does not have, are left
  /// out; returns how many.
  std::size_t Write(const FrameResult& frame, JsonText* json);

 private:
  void Learn(const std::shared_ptr<const ModelTag>& model);
  static std::string MembersOf(const Track& track, const std::vector<TrackAttribute>& attributes,
                               std::size_t* next);
  /// Without a track's id where `track_id` is 0, and with `members` at its end. False when left
  /// out.
  bool WriteObject(const Detection& detection, int track_id, std::string_view members,
                   JsonText* json) const;

  std::shared_ptr<const ModelTag> model_;
  /// By label, up to the score.
  std::vector<std::string> beginnings_;
};

/// `PipelineStats` of fleet/contract; of `drops` what is not zero.
void WriteStats(const PipelineReport& report, const std::string& pipeline,
                const std::vector<DropCount>& drops, JsonText* json);

}  // namespace jetfleet
