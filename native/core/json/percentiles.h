#pragma once

#include <optional>

#include "core/json/json_text.h"
#include "core/trace.h"

namespace jetfleet {

/// A member of that name: `Percentiles` of fleet/contract, null where nothing was measured. Exact
/// to the microsecond.
void WritePercentiles(const char* name, const std::optional<Percentiles>& percentiles,
                      JsonText* json);

}  // namespace jetfleet
