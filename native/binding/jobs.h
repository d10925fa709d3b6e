#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <utility>

#include "core/status.h"

namespace jetfleet {

/// Work on a pool thread behind a Promise: `execute` touches no JavaScript, `settle` makes the
/// Promise's value on the main thread. A status that is not Ok rejects with an Error that carries
/// `code`.
class Job final : public Napi::AsyncWorker {
 public:
  using Execution = std::function<Status()>;
  using Settlement = std::function<Napi::Value(Napi::Env)>;
  /// Runs on the main thread when the execution failed, before the Promise is rejected.
  using Failure = std::function<void(Napi::Env)>;

  static Napi::Promise Run(Napi::Env env, const char* name, Execution execute, Settlement settle,
                           Failure on_failure = nullptr);

 protected:
  void Execute() override { status_ = execute_(); }
  void OnOK() override;

 private:
  Job(Napi::Env env, const char* name, Execution execute, Settlement settle, Failure on_failure);

  Napi::Promise::Deferred deferred_;
  Execution execute_;
  Settlement settle_;
  Failure on_failure_;
  Status status_;
};

/// A Promise that is rejected already.
Napi::Promise Rejected(Napi::Env env, const Napi::Error& error);

}  // namespace jetfleet
