#include "core/wanted_labels.h"

#include <algorithm>

namespace jetfleet {
namespace {

std::string Listed(const std::vector<std::string>& labels) {
  std::string list;
  for (const std::string& label : labels) list += (list.empty() ? "" : ", ") + label;
  return list;
}

}  // namespace

Status CheckWanted(const std::vector<std::string>& wanted, const std::vector<std::string>& labels,
                   const std::string& who) {
  for (const std::string& label : wanted) {
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) continue;
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected a model that knows " + label + ", which " + who +
                             ", but got one of " + Listed(labels) +
                             "; take the label out of its labels, or keep the model");
  }
  return Status::Ok();
}

}  // namespace jetfleet
