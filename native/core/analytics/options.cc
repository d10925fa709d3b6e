#include "core/analytics/options.h"

#include <algorithm>

namespace jetfleet {
namespace {

std::string Listed(const std::vector<std::string>& labels) {
  std::string list;
  for (const std::string& label : labels) list += (list.empty() ? "" : ", ") + label;
  return list;
}

template <typename Place>
Status CheckPlaces(const char* kind, const std::vector<Place>& places,
                   const std::vector<std::string>& labels) {
  for (const Place& place : places) {
    for (const std::string& label : place.filter.labels) {
      if (std::find(labels.begin(), labels.end(), label) != labels.end()) continue;
      return Status::Error(ErrorCode::kModelInvalid,
                           "Expected a model that knows " + label + ", which " + kind + " " +
                               place.name + " counts, but got one of " + Listed(labels) +
                               "; take the label out of its labels, or keep the model");
    }
  }
  return Status::Ok();
}

}  // namespace

Status CheckLabels(const AnalyticsOptions& options, const std::vector<std::string>& labels) {
  const Status status = CheckPlaces("line", options.lines, labels);
  return status.ok() ? CheckPlaces("zone", options.zones, labels) : status;
}

}  // namespace jetfleet
