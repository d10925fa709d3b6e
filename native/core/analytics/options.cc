#include "core/analytics/options.h"

#include "core/wanted_labels.h"

namespace jetfleet {

Status CheckLabels(const AnalyticsOptions& options, const std::vector<std::string>& labels) {
  Status status;
  for (const LineOptions& line : options.lines) {
    if (status.ok())
      status = CheckWanted(line.filter.labels, labels, "line " + line.name + " counts");
  }
  for (const ZoneOptions& zone : options.zones) {
    if (status.ok())
      status = CheckWanted(zone.filter.labels, labels, "zone " + zone.name + " counts");
  }
  return status;
}

}  // namespace jetfleet
