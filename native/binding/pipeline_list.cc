#include "binding/pipeline_list.h"

#include <algorithm>

#include "binding/process_exit.h"

namespace jetfleet {

void PipelineList::StopAtExit(Napi::Env env) {
  OnProcessExit(env, [this](int) { StopAll(); });
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
