#pragma once

#include <napi.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/infer/backend.h"
#include "core/trace.h"

namespace jetfleet {

struct BuildRequest {
  std::string backend_path;
  std::string runtime_path;
  /// Of the model: built of these very bytes, with nothing beside them. Empty: of the file as it
  /// is.
  std::string model_digest;
  BuildOptions options;
};

/// An engine being built on a thread of its own, for it takes minutes and Node's pool is small.
///
/// INVARIANTS: held by shared_ptr; the build's thread holds one reference and the thread-safe
/// function another, so that whoever ends last finds all there. The build never waits for
/// JavaScript. At the process's exit and at the end of its environment it is cancelled and waited
/// for, but not for long: a library that cannot be interrupted goes on behind a worker's end, and
/// is left in its work by `_exit` behind the process's.
class BuildJob : public std::enable_shared_from_this<BuildJob> {
 public:
  /// Main thread. The Promise settles when the build is over; `on_progress` is called with the
  /// latest share and step, some times a second, and with the last ones at the end.
  static Napi::Promise Start(Napi::Env env, BuildRequest request, Napi::Function on_progress,
                             std::shared_ptr<BuildJob>* job);
  ~BuildJob();

  /// Any thread; again is harmless.
  void Cancel();
  /// Cancels, and waits a little. False when it still runs.
  bool CancelAndWait();

 private:
  struct Progress {
    double share = 0;
    std::string step;
  };

  BuildJob(Napi::Env env, BuildRequest request)
      : env_(env), request_(std::move(request)), deferred_(Napi::Promise::Deferred::New(env)) {}

  bool OpenPort(Napi::Function on_progress);
  void Run();
  Status Build();
  void Wake();
  void Deliver(Napi::Env env, Napi::Function on_progress);
  void Settle(Napi::Env env, const Status& status);
  void ClosePort();

  static void OnWake(napi_env env, napi_value callback, void* context, void* data);
  static void OnPortClosed(napi_env env, void* data, void* context);
  static void OnEnvironmentEnd(void* self);

  const napi_env env_;
  const BuildRequest request_;
  /// For the main thread.
  Napi::Promise::Deferred deferred_;

  std::mutex mutex_;
  std::condition_variable ended_;
  /// Null once closed.
  napi_threadsafe_function port_ = nullptr;
  bool cancelled_ = false;
  std::optional<Progress> progress_;
  TimePoint told_{};
  std::vector<LayerReport> layers_;
  std::vector<BuildProblem> problems_;
  std::optional<Status> outcome_;
};

}  // namespace jetfleet
