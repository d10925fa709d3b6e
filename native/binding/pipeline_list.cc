#include "binding/pipeline_list.h"

#include <algorithm>

namespace jetfleet {

void PipelineList::StopAtExit(Napi::Env env) {
  const auto process = env.Global().Get("process").As<Napi::Object>();
  const auto stop_all = [this](const Napi::CallbackInfo&) { StopAll(); };
  process.Get("on").As<Napi::Function>().Call(
      process,
      {Napi::String::New(env, "exit"), Napi::Function::New(env, stop_all, "jetfleetExit")});
}

void PipelineList::Add(const std::shared_ptr<RunningPipeline>& pipeline) {
  const auto gone = std::remove_if(pipelines_.begin(), pipelines_.end(),
                                   [](const auto& one) { return one.expired(); });
  pipelines_.erase(gone, pipelines_.end());
  pipelines_.push_back(pipeline);
}

void PipelineList::StopAll() {
  for (const auto& one : pipelines_) {
    if (const auto pipeline = one.lock()) pipeline->Stop();
  }
}

}  // namespace jetfleet
