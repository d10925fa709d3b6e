#include "binding/pipeline_handle.h"

#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "binding/jobs.h"
#include "binding/to_js.h"

namespace jetfleet {
namespace {

Napi::Value RunWith(Napi::Env env, const std::shared_ptr<RunningPipeline>& running,
                    const char* name, std::function<Status(RunningPipeline*)> work) {
  if (running == nullptr) return Rejected(env, Napi::Error::New(env, "Not a running pipeline"));
  return Job::Run(
      env, name, [running, work = std::move(work)] { return work(running.get()); },
      [](Napi::Env settle_env) { return settle_env.Undefined(); });
}

/// "Every so many-th frame", at once: two calls in a row take effect in their order. Throws.
Napi::Value SetEvery(const Napi::CallbackInfo& info,
                     const std::shared_ptr<RunningPipeline>& running,
                     Status (RunningPipeline::*set)(int)) {
  const Napi::Env env = info.Env();
  const double every = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
  if (!(every >= 1 && every <= kMaxInterval && std::floor(every) == every)) {
    Napi::TypeError::New(env, "Expected a whole number from 1 to 100: every so many-th frame")
        .ThrowAsJavaScriptException();
  } else if (running == nullptr) {
    Napi::Error::New(env, "Not a running pipeline").ThrowAsJavaScriptException();
  } else {
    const Status status = (running.get()->*set)(static_cast<int>(every));
    if (!status.ok()) ToJsError(env, status).ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

}  // namespace

Napi::Function PipelineHandle::Define(Napi::Env env) {
  return DefineClass(env, "NativePipeline",
                     {InstanceMethod<&PipelineHandle::SwapModel>("swapModel"),
                      InstanceMethod<&PipelineHandle::AddSource>("addSource"),
                      InstanceMethod<&PipelineHandle::RemoveSource>("removeSource"),
                      InstanceMethod<&PipelineHandle::SetDetectInterval>("setDetectInterval"),
                      InstanceMethod<&PipelineHandle::SetAdmission>("setAdmission"),
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
  OptionReader how(info[1], "how");
  const bool in_turn = !info[1].IsUndefined() && how.Has("inTurn") && how.Flag("inTurn");
  if (!info[1].IsUndefined()) reader.Adopt(how);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  const auto running = running_;
  if (running == nullptr) return Rejected(env, Napi::Error::New(env, "Not a running pipeline"));
  if (!running->BeginSwap()) {
    const auto status =
        Status::Error(ErrorCode::kInternal, "Expected one swap at a time but another is under way");
    return Rejected(env, ToJsError(env, status));
  }
  const auto exchange = std::make_shared<Exchange>();
  return Job::Run(
      env, "jetfleet-swap",
      [running, options, in_turn, exchange] {
        return running->SwapModel(options, in_turn, exchange.get());
      },
      [exchange](Napi::Env settle_env) {
        return ToJs(settle_env, exchange->times, exchange->change);
      });
}

Napi::Value PipelineHandle::AddSource(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "source");
  const PipelineSource source = ReadAddedSource(&reader);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  return RunWith(env, running_, "jetfleet-add-source",
                 [source](RunningPipeline* running) { return running->AddSource(source); });
}

Napi::Value PipelineHandle::RemoveSource(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) {
    return Rejected(env, Napi::TypeError::New(env, "Expected the name of a source"));
  }
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  return RunWith(env, running_, "jetfleet-remove-source",
                 [name](RunningPipeline* running) { return running->RemoveSource(name); });
}

Napi::Value PipelineHandle::SetDetectInterval(const Napi::CallbackInfo& info) {
  return SetEvery(info, running_, &RunningPipeline::SetDetectInterval);
}

Napi::Value PipelineHandle::SetAdmission(const Napi::CallbackInfo& info) {
  return SetEvery(info, running_, &RunningPipeline::SetAdmission);
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
