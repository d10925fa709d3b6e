#include <memory>

#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "binding/to_js.h"
#include "core/infer/backend_loader.h"

namespace jetfleet {
namespace {

Status Inspect(const DetectorOptions& options, ModelInfo* info) {
  Backend* backend = nullptr;
  Status status = OpenBackend(options.backend_path, options.runtime_path, &backend);
  if (!status.ok()) return status;
  std::shared_ptr<Program> program;
  LoadOptions load;
  load.path = options.model_path;
  load.threads = 1;
  status = backend->Load(load, &program);
  return status.ok() ? program->Describe(info) : status;
}

}  // namespace

Napi::Value InspectModel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  const DetectorOptions options = ReadModelPaths(&reader);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));

  const auto result = std::make_shared<ModelInfo>();
  return Job::Run(
      env, "jetfleet-inspect", [options, result] { return Inspect(options, result.get()); },
      [result](Napi::Env settle_env) { return ToJs(settle_env, *result); });
}

}  // namespace jetfleet
