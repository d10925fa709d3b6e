#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "binding/running_pipeline.h"

namespace jetfleet {

/// The pipelines of one environment, to stop them before the process ends: `process.exit` runs
/// neither the environment's clean-up hooks nor finalizers, but the destructors of the vendor's
/// library, under the feet of threads that infer. Main thread only.
class PipelineList {
 public:
  /// Has `StopAll` called by the process's event 'exit'. `this` must live as long as `env`.
  void StopAtExit(Napi::Env env);
  void Add(const std::shared_ptr<RunningPipeline>& pipeline);
  void StopAll();

 private:
  std::vector<std::weak_ptr<RunningPipeline>> pipelines_;
};

}  // namespace jetfleet
