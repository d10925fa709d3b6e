#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "binding/pipeline_handle.h"
#include "binding/pipeline_list.h"
#include "binding/running_pipeline.h"

namespace jetfleet {

Napi::Value StartPipeline(const Napi::CallbackInfo& info, const Napi::FunctionReference& handle,
                          PipelineList* pipelines) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  StartOptions options = ReadStartOptions(&reader);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  if (!info[1].IsFunction()) {
    return Rejected(env, Napi::TypeError::New(env, "Expected a function for onMessage"));
  }

  auto running = RunningPipeline::Create(env, std::move(options), info[1].As<Napi::Function>());
  if (running == nullptr) return env.Undefined();
  pipelines->Add(running);
  const auto execute = [running] { return running->Load(); };
  const auto settle = [running, &handle](Napi::Env settle_env) -> Napi::Value {
    const Napi::Object object = PipelineHandle::Make(settle_env, handle, running);
    if (!object.IsEmpty()) running->Start(object);
    return object;
  };
  const auto on_failure = [running](Napi::Env failure_env) { running->Finish(failure_env); };
  return Job::Run(env, "jetfleet-start", execute, settle, on_failure);
}

}  // namespace jetfleet
