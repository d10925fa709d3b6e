#include <memory>

#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "core/infer/backend_loader.h"

namespace jetfleet {
namespace {

Napi::Value TextOrNull(Napi::Env env, const std::string& text) {
  return text.empty() ? env.Null() : Napi::Value(Napi::String::New(env, text));
}

Napi::Value GpuOf(Napi::Env env, const Capabilities& told) {
  if (!told.gpu) return env.Null();
  auto gpu = Napi::Object::New(env);
  gpu.Set("name", told.gpu->name);
  gpu.Set("computeCapability", static_cast<double>(told.gpu->compute_capability));
  gpu.Set("multiprocessors", static_cast<double>(told.gpu->multiprocessors));
  return gpu;
}

}  // namespace

Napi::Value DescribeBackend(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  const std::string backend_path = reader.Text("backendPath");
  const std::string runtime_path = reader.Text("runtimePath");
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  const auto told = std::make_shared<Capabilities>();
  return Job::Run(
      env, "jetfleet-describe",
      [backend_path, runtime_path, told] {
        Backend* backend = nullptr;
        const Status status = OpenBackend(backend_path, runtime_path, &backend);
        if (status.ok()) *told = backend->capabilities();
        return status;
      },
      [told](Napi::Env settle_env) {
        auto object = Napi::Object::New(settle_env);
        object.Set("name", told->name);
        object.Set("version", TextOrNull(settle_env, told->vendor_version));
        object.Set("gpu", GpuOf(settle_env, *told));
        object.Set("noGpu", TextOrNull(settle_env, told->no_gpu));
        return object;
      });
}

}  // namespace jetfleet
