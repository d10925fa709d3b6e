#include "binding/build_job.h"

#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "binding/to_js.h"
#include "core/graph/thread_name.h"
#include "core/infer/backend_loader.h"
#include "core/infer/model_file.h"

namespace jetfleet {
namespace {

/// Between two tellings of how far a build is.
constexpr std::chrono::milliseconds kBetweenTold{50};
/// For a library that can be interrupted; see JF_CANCELS_AT_ONCE.
constexpr std::chrono::seconds kPatience{2};
/// More than any model has; what a hostile one would name beyond is left out.
constexpr std::size_t kMostReports = 100'000;

/// Engines that are being written, by path, in all environments of the process.
class Places {
 public:
  bool Take(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return taken_.insert(path).second;
  }
  void Free(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    taken_.erase(path);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> taken_;
};

/// Never destroyed: a build may outlive static destructors when the process exits in a hurry.
Places& ThePlaces() {
  static auto& places = *new Places;
  return places;
}

Napi::Value TextOrNull(Napi::Env env, const std::string& text) {
  return text.empty() ? env.Null() : Napi::Value(Napi::String::New(env, text));
}

Napi::Array ToJs(Napi::Env env, const std::vector<BuildProblem>& problems) {
  auto array = Napi::Array::New(env, problems.size());
  for (std::size_t i = 0; i < problems.size(); ++i) {
    auto object = Napi::Object::New(env);
    object.Set("fatal", problems[i].fatal);
    object.Set("node", TextOrNull(env, problems[i].node));
    object.Set("op", TextOrNull(env, problems[i].op));
    object.Set("message", problems[i].message);
    array.Set(static_cast<std::uint32_t>(i), object);
  }
  return array;
}

Napi::Array ToJs(Napi::Env env, const std::vector<LayerReport>& layers) {
  auto array = Napi::Array::New(env, layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    auto object = Napi::Object::New(env);
    object.Set("name", layers[i].name);
    object.Set("type", layers[i].type);
    object.Set("accelerator", TextOrNull(env, layers[i].accelerator));
    object.Set("reason", TextOrNull(env, layers[i].reason));
    array.Set(static_cast<std::uint32_t>(i), object);
  }
  return array;
}

}  // namespace

Napi::Promise BuildJob::Start(Napi::Env env, BuildRequest request, Napi::Function on_progress,
                              std::shared_ptr<BuildJob>* job) {
  job->reset(new BuildJob(env, std::move(request)));
  BuildJob& made = **job;
  const Napi::Promise promise = made.deferred_.Promise();
  const std::string& engine = made.request_.options.engine_path;
  if (!ThePlaces().Take(engine)) {
    job->reset();
    const auto status = Status::Error(
        ErrorCode::kInternal,
        "Expected one build of an engine at a time but another one of " + engine + " is under way");
    made.deferred_.Reject(ToJsError(env, status).Value());
    return promise;
  }
  if (!made.OpenPort(on_progress)) {
    ThePlaces().Free(engine);
    job->reset();
    return promise;
  }
  std::thread([self = *job] { self->Run(); }).detach();
  return promise;
}

BuildJob::~BuildJob() = default;

bool BuildJob::OpenPort(Napi::Function on_progress) {
  // One pending wake-up is enough: each delivers what there is.
  constexpr std::size_t kMaxWakeUps = 1;
  constexpr std::size_t kOwnerThreads = 1;
  auto self = std::make_unique<std::shared_ptr<BuildJob>>(shared_from_this());
  const napi_status created = napi_create_threadsafe_function(
      env_, on_progress, nullptr, Napi::String::New(env_, "jetfleet-build"), kMaxWakeUps,
      kOwnerThreads, self.get(), OnPortClosed, self.get(), OnWake, &port_);
  if (created != napi_ok) {
    Napi::Error::New(env_, "Cannot create a thread-safe function").ThrowAsJavaScriptException();
    return false;
  }
  static_cast<void>(self.release());  // freed by OnPortClosed
  // Hooks run from the last to the first: this one before the port's own.
  napi_add_env_cleanup_hook(env_, OnEnvironmentEnd, this);
  return true;
}

void BuildJob::Run() {
  NameThisThread("jf-build");
  Status status = Build();
  ThePlaces().Free(request_.options.engine_path);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    outcome_ = std::move(status);
  }
  ended_.notify_all();
  Wake();
}

Status BuildJob::Build() {
  Backend* backend = nullptr;
  Status status = OpenBackend(request_.backend_path, request_.runtime_path, &backend);
  if (!status.ok()) return status;
  // Where a preview refuses a model with data beside it, the words are these, too.
  status = ModelFile().Open(request_.options.model_path, request_.model_digest);
  if (!status.ok()) return status;
  BuildEvents events;
  events.progress = [this](double share, const std::string& step) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      progress_ = Progress{share, step};
      // TensorRT tells of some of its loops twenty thousand times a second.
      const TimePoint now = Clock::now();
      if (now - told_ < kBetweenTold) return;
      told_ = now;
    }
    Wake();
  };
  events.cancelled = [this] {
    const std::lock_guard<std::mutex> lock(mutex_);
    return cancelled_;
  };
  events.layer = [this](const LayerReport& layer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (layers_.size() < kMostReports) layers_.push_back(layer);
  };
  events.problem = [this](const BuildProblem& problem) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (problems_.size() < kMostReports) problems_.push_back(problem);
  };
  return backend->Build(request_.options, events);
}

void BuildJob::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
}

bool BuildJob::CancelAndWait() {
  std::unique_lock<std::mutex> lock(mutex_);
  cancelled_ = true;
  return ended_.wait_for(lock, kPatience, [this] { return outcome_.has_value(); });
}

void BuildJob::Wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  // A full queue means that a wake-up is under way already.
  if (port_ != nullptr) napi_call_threadsafe_function(port_, nullptr, napi_tsfn_nonblocking);
}

void BuildJob::Deliver(Napi::Env env, Napi::Function on_progress) {
  std::optional<Progress> progress;
  std::optional<Status> outcome;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (port_ == nullptr) return;
    progress = std::exchange(progress_, std::nullopt);
    outcome = outcome_;
  }
  if (progress) {
    on_progress.Call(
        {Napi::Number::New(env, progress->share), Napi::String::New(env, progress->step)});
    if (env.IsExceptionPending()) {
      // As if an event listener had thrown: 'uncaughtException', and the build goes on.
      const Napi::Error error = env.GetAndClearPendingException();
      if (napi_fatal_exception(env, error.Value()) != napi_ok) return;
    }
  }
  if (!outcome) return;
  ClosePort();
  Settle(env, *outcome);
}

void BuildJob::Settle(Napi::Env env, const Status& status) {
  if (status.ok()) {
    auto report = Napi::Object::New(env);
    report.Set("layers", ToJs(env, layers_));
    report.Set("problems", ToJs(env, problems_));
    return deferred_.Resolve(report);
  }
  const Napi::Error error = ToJsError(env, status);
  error.Value().Set("problems", ToJs(env, problems_));
  deferred_.Reject(error.Value());
}

void BuildJob::ClosePort() {
  napi_threadsafe_function port = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::swap(port, port_);
  }
  if (port == nullptr) return;
  napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
  napi_release_threadsafe_function(port, napi_tsfn_abort);
}

void BuildJob::OnWake(napi_env env, napi_value callback, void* context, void*) {
  if (env == nullptr || callback == nullptr) return;  // the environment is ending
  const auto self = *static_cast<std::shared_ptr<BuildJob>*>(context);
  self->Deliver(env, Napi::Function(env, callback));
}

void BuildJob::OnPortClosed(napi_env, void* data, void*) {
  delete static_cast<std::shared_ptr<BuildJob>*>(data);
}

void BuildJob::OnEnvironmentEnd(void* self) {
  auto* build = static_cast<BuildJob*>(self);
  build->CancelAndWait();
  const std::lock_guard<std::mutex> lock(build->mutex_);
  // Node closes and finalizes the port itself from here on.
  build->port_ = nullptr;
}

}  // namespace jetfleet
