#include "binding/build_list.h"

#include <unistd.h>

#include <algorithm>

#include "binding/process_exit.h"

namespace jetfleet {

void BuildList::EndAtExit(Napi::Env env) {
  OnProcessExit(env, [this](int code) {
    // Destructors of a library that still builds would run under its feet.
    if (!EndAll()) _exit(code);
  });
}

void BuildList::Add(const std::shared_ptr<BuildJob>& build) {
  const auto gone =
      std::remove_if(builds_.begin(), builds_.end(), [](const auto& one) { return one.expired(); });
  builds_.erase(gone, builds_.end());
  builds_.push_back(build);
}

bool BuildList::EndAll() {
  for (const auto& one : builds_) {
    if (const auto build = one.lock()) build->Cancel();
  }
  bool all = true;
  for (const auto& one : builds_) {
    if (const auto build = one.lock()) all = build->CancelAndWait() && all;
  }
  return all;
}

}  // namespace jetfleet
