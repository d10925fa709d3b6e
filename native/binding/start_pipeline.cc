#include <cmath>
#include <limits>

#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "binding/pipeline_handle.h"
#include "binding/pipeline_list.h"
#include "binding/running_pipeline.h"

namespace jetfleet {
namespace {

int OpenPipe(const Napi::Value& fd) {
  if (!fd.IsNumber()) return -1;
  const double number = fd.As<Napi::Number>().DoubleValue();
  const bool is_fd = number >= 0 && number <= std::numeric_limits<int>::max();
  return is_fd && std::floor(number) == number ? ResultPipe::Open(static_cast<int>(number)) : -1;
}

}  // namespace

Napi::Value StartPipeline(const Napi::CallbackInfo& info, const Napi::FunctionReference& handle,
                          PipelineList* pipelines) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  StartOptions options = ReadStartOptions(&reader);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  const Napi::Function on_message =
      info[1].IsFunction() ? info[1].As<Napi::Function>() : Napi::Function();
  const int result_fd = on_message.IsEmpty() ? OpenPipe(info[1]) : -1;
  if (on_message.IsEmpty() && result_fd < 0) {
    return Rejected(env, Napi::TypeError::New(env,
                                              "Expected a function, or a file descriptor that is "
                                              "open for writing, for receiver"));
  }

  auto running = RunningPipeline::Create(env, std::move(options), on_message, result_fd);
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
