#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/json/json_text.h"
#include "core/pipeline_stats.h"

namespace jetfleet {

/// Little-endian float32 in base64 (RFC 4648 §4).
std::string VectorText(const std::vector<float>& vector);

/// `Attributes` of fleet/contract, of the track that those from `at` on are of; at least one.
/// Returns where those of the next begin.
std::size_t WriteAttributes(const std::vector<TrackAttribute>& attributes, std::size_t at,
                            JsonText* json);

/// A list of `SecondaryStats` of fleet/contract.
void WriteSecondaries(const std::vector<SecondaryReport>& secondaries, JsonText* json);

}  // namespace jetfleet
