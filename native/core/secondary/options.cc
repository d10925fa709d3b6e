#include "core/secondary/options.h"

#include <utility>

#include "core/wanted_labels.h"

namespace jetfleet {

Status CheckSecondary(const ModelProgram& model) {
  const std::string& decoder = model.bound().name;
  if (decoder == "classification" || decoder == "reid") return Status::Ok();
  return Status::Error(ErrorCode::kModelInvalid,
                       "Expected a model of decoder classification or reid but got one of " +
                           decoder + "; it says nothing of a crop as a whole");
}

Status CheckLabels(const SecondaryOptions& options, const std::vector<std::string>& labels) {
  return CheckWanted(options.labels, labels, "secondary model " + options.name + " looks at");
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
