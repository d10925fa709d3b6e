#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "binding/build_job.h"

namespace jetfleet {

/// The builds of one environment, to end them before the process does (see PipelineList). Main
/// thread only.
class BuildList {
 public:
  /// Has `EndAll` called by the process's event 'exit'. `this` must live as long as `env`.
  void EndAtExit(Napi::Env env);
  void Add(const std::shared_ptr<BuildJob>& build);

 private:
  /// False when one goes on.
  bool EndAll();

  std::vector<std::weak_ptr<BuildJob>> builds_;
};

}  // namespace jetfleet
