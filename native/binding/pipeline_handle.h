#pragma once

#include <napi.h>

#include <memory>

#include "binding/running_pipeline.h"

namespace jetfleet {

/// `NativePipeline` of api.ts. It is collected only after its pipeline was stopped.
class PipelineHandle final : public Napi::ObjectWrap<PipelineHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  /// Empty when the environment is ending.
  static Napi::Object Make(Napi::Env env, const Napi::FunctionReference& constructor,
                           std::shared_ptr<RunningPipeline> running);

  explicit PipelineHandle(const Napi::CallbackInfo& info);

 private:
  Napi::Value SwapModel(const Napi::CallbackInfo& info);
  Napi::Value AddSource(const Napi::CallbackInfo& info);
  Napi::Value RemoveSource(const Napi::CallbackInfo& info);
  Napi::Value SetDetectInterval(const Napi::CallbackInfo& info);
  Napi::Value SetAdmission(const Napi::CallbackInfo& info);
  Napi::Value Stop(const Napi::CallbackInfo& info);

  std::shared_ptr<RunningPipeline> running_;
  Napi::Reference<Napi::Promise> stopped_;
};

}  // namespace jetfleet
