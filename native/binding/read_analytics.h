#pragma once

#include <string>
#include <vector>

#include "binding/options.h"
#include "core/analytics/options.h"

namespace jetfleet {

/// `NativeAnalytics` of api.ts. Labels that filters name must be among `labels`, and sources among
/// `sources`: what never comes would be counted as zero.
AnalyticsOptions ReadAnalytics(OptionReader* reader, const std::vector<std::string>& labels,
                               const std::vector<std::string>& sources);

}  // namespace jetfleet
