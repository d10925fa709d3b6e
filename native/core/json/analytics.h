#pragma once

#include "core/analytics/event.h"
#include "core/analytics/figures.h"
#include "core/json/json_text.h"

namespace jetfleet {

/// `AnalyticsEvent` of fleet/contract.
void WriteEvent(const AnalyticsEvent& event, JsonText* json);

/// `AnalyticsStats` of fleet/contract.
void WriteAnalytics(const AnalyticsFigures& figures, JsonText* json);

}  // namespace jetfleet
