#include "core/infer/choose_decoder.h"

#include <utility>
#include <vector>

#include "core/decode/families.h"
#include "core/infer/backend_loader.h"
#include "core/infer/model_file.h"

namespace jetfleet {
namespace {

Status Describe(const DetectorOptions& options, ModelInfo* info) {
  Backend* backend = nullptr;
  Status status = OpenBackend(options.backend_path, options.runtime_path, &backend);
  ModelFile file;
  if (status.ok()) status = file.Open(options.model_path, options.model_digest);
  if (!status.ok()) return status;
  LoadOptions load;
  load.path = file.path();
  load.threads = static_cast<std::uint32_t>(options.threads);
  std::shared_ptr<Program> program;
  status = backend->Load(load, &program);
  if (!status.ok()) return Status::Error(status.code, file.Named(std::move(status.message)));
  return program->Describe(info);
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Status ChooseDecoder(ModelOptions options, std::shared_ptr<ModelProgram>* model,
                     ModelProgram::LoadTimes* times, std::string* reason) {
  ModelInfo info;
  Status status = Describe(options.detector, &info);
  if (!status.ok()) return status;
  std::vector<std::string> fitting;
  for (const Candidate& one : TryFamilies(options.detector.decoder, info)) {
    if (one.status.ok()) fitting.push_back(one.name);
  }
  if (fitting.size() < 2) {
    status = ModelProgram::LoadAndWarm(options, model, times);
    if (status.ok()) *reason = (*model)->bound().reason;
    return status;
  }
  std::vector<std::string> sensible;
  std::string why_not;
  for (const std::string& name : fitting) {
    options.detector.decoder.name = name;
    std::shared_ptr<ModelProgram> tried;
    ModelProgram::LoadTimes tried_times;
    status = ModelProgram::LoadAndWarm(options, &tried, &tried_times);
    if (status.ok()) {
      sensible.push_back(name);
      *model = std::move(tried);
      *times = tried_times;
    } else {
      why_not += "\n  " + name + ": " + status.message;
    }
  }
  if (sensible.size() == 1) {
    *reason = "the shapes fit " + Joined(fitting) + ", but of real pictures only " +
              sensible.front() + " makes sense:" + why_not;
    return Status::Ok();
  }
  model->reset();
  const std::string what = sensible.empty()
                               ? "none of " + Joined(fitting) + " makes sense of them:" + why_not
                               : "they can be those of " + Joined(sensible) +
                                     "; name the one that the model was exported for";
  return Status::Error(ErrorCode::kModelInvalid,
                       "Expected answers that just one decoder can read but " + what);
}

}  // namespace jetfleet
