#include "core/secondary/options.h"

#include <algorithm>
#include <utility>

namespace jetfleet {

Status CheckSecondary(const ModelProgram& model) {
  const std::string& decoder = model.bound().name;
  if (decoder == "classification" || decoder == "reid") return Status::Ok();
  return Status::Error(ErrorCode::kModelInvalid,
                       "Expected a model of decoder classification or reid but got one of " +
                           decoder + "; it says nothing of a crop as a whole");
}

Status CheckLabels(const SecondaryOptions& options, const std::vector<std::string>& labels) {
  for (const std::string& label : options.labels) {
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) continue;
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected a model that knows " + label + ", which secondary model " +
                             options.name +
                             " looks at, but got one that does not; take the label out of its "
                             "labels, or keep the model");
  }
  return Status::Ok();
}

Status LoadSecondary(const SecondaryOptions& options, const ModelOptions& model,
                     SecondaryModel* loaded) {
  std::shared_ptr<ModelProgram> made;
  Status status = ModelProgram::Load(model, &made);
  if (status.ok()) status = CheckSecondary(*made);
  if (status.ok()) status = made->Warm();
  if (!status.ok()) {
    return Status::Error(status.code, "Secondary model " + options.name + ": " + status.message);
  }
  made->TryBatches(kCropsInARun);
  *loaded = {options, std::move(made)};
  return status;
}

}  // namespace jetfleet
