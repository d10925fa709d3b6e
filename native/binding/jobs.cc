#include "binding/jobs.h"

#include "binding/to_js.h"

namespace jetfleet {

Napi::Promise Job::Run(Napi::Env env, const char* name, Execution execute, Settlement settle,
                       Failure on_failure) {
  // Deletes itself when done (Napi::AsyncWorker).
  auto job = std::unique_ptr<Job>(
      new Job(env, name, std::move(execute), std::move(settle), std::move(on_failure)));
  const Napi::Promise promise = job->deferred_.Promise();
  job.release()->Queue();
  return promise;
}

Job::Job(Napi::Env env, const char* name, Execution execute, Settlement settle, Failure on_failure)
    : Napi::AsyncWorker(env, name),
      deferred_(Napi::Promise::Deferred::New(env)),
      execute_(std::move(execute)),
      settle_(std::move(settle)),
      on_failure_(std::move(on_failure)) {}

void Job::OnOK() {
  const Napi::Env env = Env();
  if (status_.ok()) {
    const Napi::Value value = settle_(env);
    // Empty when the environment ends while the job ran: nobody waits any more.
    if (!value.IsEmpty()) deferred_.Resolve(value);
    return;
  }
  if (on_failure_) on_failure_(env);
  deferred_.Reject(ToJsError(env, status_).Value());
}

Napi::Promise Rejected(Napi::Env env, const Napi::Error& error) {
  const auto deferred = Napi::Promise::Deferred::New(env);
  deferred.Reject(error.Value());
  return deferred.Promise();
}

}  // namespace jetfleet
