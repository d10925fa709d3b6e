#include "binding/pipeline_handle.h"

#include <utility>

#include "binding/jobs.h"

namespace jetfleet {

Napi::Function PipelineHandle::Define(Napi::Env env) {
  return DefineClass(env, "NativePipeline", {InstanceMethod<&PipelineHandle::Stop>("stop")});
}

Napi::Object PipelineHandle::Make(Napi::Env env, const Napi::FunctionReference& constructor,
                                  std::shared_ptr<RunningPipeline> running) {
  if (constructor.IsEmpty()) return {};
  const Napi::Object object = constructor.New({});
  if (object.IsEmpty()) return {};
  Unwrap(object)->running_ = std::move(running);
  return object;
}

PipelineHandle::PipelineHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<PipelineHandle>(info) {}

void PipelineHandle::Finalize(Napi::Env env) {
  if (running_ == nullptr || !stopped_.IsEmpty()) return;
  running_->Stop();
  running_->Discard();
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
