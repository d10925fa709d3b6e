#include "binding/pipeline_handle.h"

#include <utility>

#include "binding/jobs.h"
#include "binding/to_js.h"

namespace jetfleet {

Napi::Function PipelineHandle::Define(Napi::Env env) {
  return DefineClass(env, "NativePipeline",
                     {InstanceMethod<&PipelineHandle::SwapModel>("swapModel"),
                      InstanceMethod<&PipelineHandle::Stop>("stop")});
}

Napi::Object PipelineHandle::Make(Napi::Env env, const Napi::FunctionReference& constructor,
                                  std::shared_ptr<RunningPipeline> running) {
  if (constructor.IsEmpty()) return {};
  const Napi::Object object = constructor.New({});
  if (object.IsEmpty()) return {};
  // A worker that is terminated meanwhile has the object, but could not wrap its owner.
  PipelineHandle* handle = Unwrap(object);
  if (handle == nullptr) return {};
  handle->running_ = std::move(running);
  return object;
}

PipelineHandle::PipelineHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<PipelineHandle>(info) {}

Napi::Value PipelineHandle::SwapModel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "model");
  const ModelOptions options = ReadModelOptions(&reader);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  const auto running = running_;
  if (running == nullptr) return Rejected(env, Napi::Error::New(env, "Not a running pipeline"));
  if (!running->BeginSwap()) {
    const auto status =
        Status::Error(ErrorCode::kInternal, "Expected one swap at a time but another is under way");
    return Rejected(env, ToJsError(env, status));
  }
  struct Outcome {
    ModelProgram::LoadTimes times;
    std::optional<ModelChange> change;
  };
  const auto outcome = std::make_shared<Outcome>();
  return Job::Run(
      env, "jetfleet-swap",
      [running, options, outcome] {
        return running->SwapModel(options, &outcome->times, &outcome->change);
      },
      [outcome](Napi::Env settle_env) {
        return ToJs(settle_env, outcome->times, outcome->change);
      });
}

Napi::Value PipelineHandle::Stop(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!stopped_.IsEmpty()) return stopped_.Value();
  const auto running = running_;
  const auto execute = [running] {
    if (running != nullptr) running->Stop();
    return Status::Ok();
  };
  const auto settle = [running](Napi::Env settle_env) {
    if (running != nullptr) running->Finish(settle_env);
    return settle_env.Undefined();
  };
  const Napi::Promise promise = Job::Run(env, "jetfleet-stop", execute, settle);
  stopped_ = Napi::Persistent(promise);
  return promise;
}

}  // namespace jetfleet
