#pragma once

#include <cstddef>
#include <string>
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

/// `DetectedFrame` of fleet/contract. Detections and tracks that JSON cannot hold, or whose label
/// the model does not have, are left out; returns how many.
std::size_t WriteFrame(const FrameResult& frame, JsonText* json);

/// `PipelineStats` of fleet/contract; of `drops` what is not zero.
void WriteStats(const PipelineReport& report, const std::string& pipeline,
                const std::vector<DropCount>& drops, JsonText* json);

}  // namespace jetfleet
