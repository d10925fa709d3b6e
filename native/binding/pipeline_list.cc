#include "binding/pipeline_list.h"

#include <algorithm>

namespace jetfleet {

void PipelineList::StopAtExit(Napi::Env env) {
  // Empty values: a worker that is terminated while it loads the addon; its clean-up hooks will do.
  const Napi::Value process = env.Global().Get("process");
  if (process.IsEmpty() || !process.IsObject()) return;
  const Napi::Value on = process.As<Napi::Object>().Get("on");
  if (on.IsEmpty() || !on.IsFunction()) return;
  const auto stop_all = [this](const Napi::CallbackInfo&) { StopAll(); };
  const auto listener = Napi::Function::New(env, stop_all, "jetfleetExit");
  if (listener.IsEmpty()) return;
  on.As<Napi::Function>().Call(process, {Napi::String::New(env, "exit"), listener});
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
