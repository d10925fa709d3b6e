#pragma once

#include <napi.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "binding/mailbox.h"
#include "binding/message_calls.h"
#include "binding/options.h"
#include "binding/result_pipe.h"
#include "core/exchange.h"
#include "core/pipeline.h"

namespace jetfleet {

/// A pipeline and its one way out: mailbox → thread-safe function → `onMessage`, or mailbox → pipe.
///
/// INVARIANTS: held by shared_ptr; the thread-safe function holds one reference, so that the
/// mailbox outlives every wake-up. The pipeline's threads never wait for the JavaScript thread, so
/// the latter may wait for them: in `Stop` on a pool thread, at the process's exit and in the
/// environment's clean-up hook. A pipeline that runs keeps its handle from being collected, as a
/// socket that listens does.
class RunningPipeline : public std::enable_shared_from_this<RunningPipeline> {
 public:
  /// Main thread. Null, with a pending JavaScript exception, when Node-API refuses. Messages go to
  /// `on_message`, or where it is empty to `result_fd`, which becomes this object's.
  static std::shared_ptr<RunningPipeline> Create(Napi::Env env, StartOptions options,
                                                 Napi::Function on_message, int result_fd);
  ~RunningPipeline();

  /// Any thread, once: loads the models. Slow.
  Status Load();
  /// Main thread, after `Load`. Does nothing when the environment has ended meanwhile. `handle` is
  /// kept until `Finish`.
  void Start(Napi::Object handle);
  /// Main thread; false while another swap is under way. True must be followed by `SwapModel`.
  bool BeginSwap();
  /// Any other thread, after `Start`: loads and warms the model, then switches to it; `in_turn`
  /// lets the former one go first. Slow.
  Status SwapModel(const ModelOptions& options, bool in_turn, Exchange* exchange);
  /// Any other thread, after `Start`: as `Pipeline` has them.
  Status AddSource(const PipelineSource& source);
  Status RemoveSource(const std::string& name);
  /// Any thread, after `Start`: as `Pipeline` has them. They wait for nothing.
  Status SetDetectInterval(int interval);
  Status SetAdmission(int every);
  /// Any thread; waits until no message can be added, and frees the model. Again is harmless.
  void Stop();
  /// Main thread, after `Stop`: delivers what is left and lets the event loop go.
  void Finish(Napi::Env env);

 private:
  /// A `result_fd` of -1: none.
  RunningPipeline(StartOptions options, int result_fd);

  /// Null while it does not run.
  std::shared_ptr<Pipeline> pipeline();
  bool OpenPort(Napi::Env env, Napi::Function on_message);
  void Wake();
  void Deliver(Napi::Env env, bool all);
  void DeliverLater(Napi::Env env);
  /// False when JavaScript cannot go on.
  bool DeliverOne(Napi::Env env, const Message& message);
  void Discard();

  static void OnWake(napi_env env, napi_value callback, void* context, void* data);
  static void OnPortClosed(napi_env env, void* data, void* context);
  static void OnEnvironmentEnd(void* self);

  const StartOptions options_;
  /// For whoever swaps, of whom there is one.
  ModelOptions at_work_;
  Mailbox mailbox_;
  /// Null where JavaScript takes the messages.
  const std::unique_ptr<ResultPipe> pipe_;
  napi_env env_ = nullptr;
  Napi::FunctionReference set_immediate_;
  Napi::ObjectReference handle_;
  MessageCalls calls_;
  /// What is left goes out in the next turn of the event loop.
  bool later_ = false;

  std::mutex mutex_;
  /// Null once closed.
  napi_threadsafe_function port_ = nullptr;
  bool stopped_ = false;
  bool swapping_ = false;
  std::shared_ptr<ModelProgram> model_;
  std::vector<SecondaryModel> secondaries_;
  std::shared_ptr<Pipeline> pipeline_;
};

}  // namespace jetfleet
