#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "core/infer/backend_loader.h"

namespace jetfleet {
namespace {

constexpr double kMaxCapability = 999;

}  // namespace

Napi::Value CompileKernels(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  const std::string backend_path = reader.Text("backendPath");
  const std::string runtime_path = reader.Text("runtimePath");
  const std::string folder = reader.Text("folder");
  const std::uint32_t capability =
      reader.Has("computeCapability")
          ? static_cast<std::uint32_t>(reader.Number("computeCapability", 1, kMaxCapability))
          : 0;
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  return Job::Run(
      env, "jetfleet-kernels",
      [backend_path, runtime_path, folder, capability] {
        Backend* backend = nullptr;
        const Status status = OpenBackend(backend_path, runtime_path, &backend);
        return status.ok() ? backend->CompileKernels(folder, capability) : status;
      },
      [](Napi::Env settle_env) { return settle_env.Undefined(); });
}

}  // namespace jetfleet
