#include "binding/running_pipeline.h"

#include <utility>

#include "binding/to_js.h"

namespace jetfleet {

namespace {

/// What one turn of the event loop is given, so that timers and sockets get theirs however many
/// messages wait and however slow the callback is. At least one message is delivered.
constexpr int kMessagesPerTurn = 16;
constexpr std::chrono::milliseconds kTimePerTurn{5};
/// A reader of the pipe who is behind at the end is waited for so long.
constexpr std::chrono::milliseconds kLastWords{1000};

Status NotRunning() { return Status::Error(ErrorCode::kCancelled, "The pipeline does not run"); }

ModelLoader LoaderOf(const ModelOptions& options) {
  return [options](std::int64_t pictures, std::shared_ptr<ModelProgram>* model,
                   ModelProgram::LoadTimes* times) {
    return ModelProgram::LoadAndWarm(options, model, times, pictures);
  };
}

}  // namespace

std::shared_ptr<RunningPipeline> RunningPipeline::Create(Napi::Env env, StartOptions options,
                                                         Napi::Function on_message, int result_fd) {
  std::shared_ptr<RunningPipeline> running(new RunningPipeline(std::move(options), result_fd));
  return running->OpenPort(env, on_message) ? running : nullptr;
}

RunningPipeline::RunningPipeline(StartOptions options, int result_fd)
    : options_(std::move(options)),
      at_work_(options_.model),
      mailbox_(options_.name, result_fd < 0 ? Mailbox::Reader::kJavaScript : Mailbox::Reader::kPipe,
               [this] { Wake(); }),
      pipe_(result_fd < 0 ? nullptr : std::make_unique<ResultPipe>(result_fd, &mailbox_)) {}

RunningPipeline::~RunningPipeline() { Stop(); }

bool RunningPipeline::OpenPort(Napi::Env env, Napi::Function on_message) {
  env_ = env;
  if (!on_message.IsEmpty() && !calls_.Open(env, on_message)) return false;
  // One pending wake-up is enough: each empties the mailbox.
  constexpr std::size_t kMaxWakeUps = 1;
  constexpr std::size_t kOwnerThreads = 1;
  auto self = std::make_unique<std::shared_ptr<RunningPipeline>>(shared_from_this());
  const napi_status created = napi_create_threadsafe_function(
      env, on_message, nullptr, Napi::String::New(env, "jetfleet-pipeline"), kMaxWakeUps,
      kOwnerThreads, self.get(), OnPortClosed, self.get(), OnWake, &port_);
  if (created != napi_ok) {
    Napi::Error::New(env, "Cannot create a thread-safe function").ThrowAsJavaScriptException();
    return false;
  }
  static_cast<void>(self.release());  // freed by OnPortClosed
  const Napi::Value set_immediate = env.Global().Get("setImmediate");
  if (!set_immediate.IsEmpty() && set_immediate.IsFunction()) {
    set_immediate_ = Napi::Persistent(set_immediate.As<Napi::Function>());
  }
  // Hooks run from the last to the first: this one before the port's own.
  napi_add_env_cleanup_hook(env, OnEnvironmentEnd, this);
  return true;
}

Status RunningPipeline::Load() {
  std::shared_ptr<ModelProgram> model;
  Status status = ModelProgram::Load(options_.model, &model);
  if (status.ok()) status = model->Warm();
  if (status.ok()) {
    model->TryBatches(
        static_cast<std::int64_t>(PipelineSource::SlotsOf(options_.pipeline.sources)));
  }
  std::vector<SecondaryModel> secondaries;
  for (const SecondaryStart& one : options_.secondaries) {
    if (!status.ok()) return status;
    status = LoadSecondary(one.options, one.model, &secondaries.emplace_back());
  }
  if (!status.ok()) return status;
  model_ = std::move(model);
  secondaries_ = std::move(secondaries);
  return status;
}

void RunningPipeline::Start(Napi::Object handle) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopped_ || model_ == nullptr) return;
  PipelineOptions options = options_.pipeline;
  options.secondaries = std::move(secondaries_);
  pipeline_ = std::make_shared<Pipeline>(options, std::move(model_), &mailbox_);
  pipeline_->Start();
  handle_ = Napi::Persistent(handle);
}

bool RunningPipeline::BeginSwap() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !std::exchange(swapping_, true);
}

Status RunningPipeline::SwapModel(const ModelOptions& options, bool in_turn, Exchange* exchange) {
  const auto running = pipeline();
  exchange->next = LoaderOf(options);
  Status status = NotRunning();
  if (running != nullptr) {
    status = in_turn ? ExchangeInTurn(running.get(), LoaderOf(at_work_), exchange)
                     : ExchangeBeside(running.get(), exchange);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  swapping_ = false;
  if (status.ok()) at_work_ = options;
  return status;
}

std::shared_ptr<Pipeline> RunningPipeline::pipeline() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return pipeline_;
}

Status RunningPipeline::AddSource(const PipelineSource& source) {
  const auto running = pipeline();
  return running == nullptr ? NotRunning() : running->AddSource(source);
}

Status RunningPipeline::RemoveSource(const std::string& name) {
  const auto running = pipeline();
  return running == nullptr ? NotRunning() : running->RemoveSource(name);
}

Status RunningPipeline::SetDetectInterval(int interval) {
  const auto running = pipeline();
  return running == nullptr ? NotRunning() : running->SetDetectInterval(interval);
}

Status RunningPipeline::SetAdmission(int every) {
  const auto running = pipeline();
  return running == nullptr ? NotRunning() : running->SetAdmission(every);
}

void RunningPipeline::Stop() {
  std::shared_ptr<Pipeline> pipeline;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    pipeline = pipeline_;
  }
  if (pipeline == nullptr) return;
  // Outside the lock, for the pipeline's threads take it in Wake.
  pipeline->Stop();
  if (pipe_ != nullptr) pipe_->Finish(kLastWords);
  const std::lock_guard<std::mutex> lock(mutex_);
  pipeline_.reset();  // and with the last of those who stop it, the pipeline
}

void RunningPipeline::Finish(Napi::Env env) {
  if (calls_.open()) Deliver(env, true);
  Discard();
}

void RunningPipeline::Discard() {
  napi_threadsafe_function port = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::swap(port, port_);
  }
  if (port == nullptr) return;
  napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
  set_immediate_.Reset();
  handle_.Reset();
  calls_.Reset();
  napi_release_threadsafe_function(port, napi_tsfn_abort);
}

void RunningPipeline::Wake() {
  if (pipe_ != nullptr) return pipe_->Wake();
  const std::lock_guard<std::mutex> lock(mutex_);
  // A full queue means that a wake-up is under way already.
  if (port_ != nullptr) napi_call_threadsafe_function(port_, nullptr, napi_tsfn_nonblocking);
}

void RunningPipeline::Deliver(Napi::Env env, bool all) {
  const TimePoint until = Clock::now() + kTimePerTurn;
  Message message;
  for (int count = 0; mailbox_.Take(&message); ++count) {
    if (!DeliverOne(env, message)) return;
    mailbox_.Return(&message);
    if (!all && (count + 1 >= kMessagesPerTurn || Clock::now() >= until)) break;
  }
  if (!mailbox_.empty()) DeliverLater(env);
}

bool RunningPipeline::DeliverOne(Napi::Env env, const Message& message) {
  const Napi::HandleScope scope(env);
  calls_.Call(env, message);
  if (!env.IsExceptionPending()) return true;
  // As if an event listener had thrown: 'uncaughtException', and the messages behind are delivered.
  const Napi::Error error = env.GetAndClearPendingException();
  return napi_fatal_exception(env, error.Value()) == napi_ok;
}

void RunningPipeline::DeliverLater(Napi::Env env) {
  if (set_immediate_.IsEmpty()) return;  // finished meanwhile
  later_ = true;
  const auto self = shared_from_this();
  const auto go_on = [self](const Napi::CallbackInfo& info) {
    self->later_ = false;
    if (self->calls_.open()) self->Deliver(info.Env(), false);
  };
  const auto turn = Napi::Function::New(env, go_on, "jetfleetDeliver");
  if (!turn.IsEmpty()) set_immediate_.Call({turn});
}

void RunningPipeline::OnWake(napi_env env, napi_value callback, void* context, void*) {
  if (env == nullptr || callback == nullptr) return;  // the environment is ending
  // Kept alive while JavaScript runs: it may stop the pipeline.
  const auto self = *static_cast<std::shared_ptr<RunningPipeline>*>(context);
  if (!self->later_ && self->calls_.open()) self->Deliver(env, false);
}

void RunningPipeline::OnPortClosed(napi_env, void* data, void*) {
  delete static_cast<std::shared_ptr<RunningPipeline>*>(data);
}

void RunningPipeline::OnEnvironmentEnd(void* self) {
  auto* running = static_cast<RunningPipeline*>(self);
  running->Stop();
  const std::lock_guard<std::mutex> lock(running->mutex_);
  // Node closes and finalizes the port itself from here on.
  running->port_ = nullptr;
  running->set_immediate_.SuppressDestruct();
  running->handle_.SuppressDestruct();
  running->calls_.SuppressDestruct();
}

}  // namespace jetfleet
