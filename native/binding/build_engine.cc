#include "binding/build_job.h"
#include "binding/build_list.h"
#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "binding/to_js.h"

namespace jetfleet {
namespace {

constexpr double kMaxThreads = 64;
constexpr double kMaxEffort = 6;
/// What a double counts exactly.
constexpr double kMaxInteger = 9007199254740991;
constexpr double kMaxCapability = 999;

void ReadText(OptionReader* reader, const char* name, std::string* to) {
  if (reader->Has(name)) *to = reader->Text(name);
}

template <typename T>
void ReadNumber(OptionReader* reader, const char* name, double max, T* to) {
  if (reader->Has(name)) *to = static_cast<T>(reader->Number(name, 0, max));
}

Shape ReadShape(OptionReader* reader, const char* name) {
  Shape shape;
  for (const double side : reader->Numbers(name, kMaxInteger)) {
    if (!shape.Append(static_cast<std::int64_t>(side))) break;
  }
  return shape;
}

BuildRequest ReadBuildRequest(OptionReader* reader) {
  BuildRequest request;
  request.backend_path = reader->Text("backendPath");
  request.runtime_path = reader->Text("runtimePath");
  BuildOptions& options = request.options;
  options.model_path = reader->Text("modelPath");
  ReadText(reader, "modelDigest", &request.model_digest);
  options.engine_path = reader->Text("enginePath");
  ReadText(reader, "accelerator", &options.accelerator);
  ReadText(reader, "precision", &options.precision);
  ReadNumber(reader, "threads", kMaxThreads, &options.threads);
  options.allow_tf32 = reader->Has("allowTf32") && reader->Flag("allowTf32");
  options.gpu_fallback = reader->Has("gpuFallback") && reader->Flag("gpuFallback");
  options.min_max_ranges = reader->Has("minMaxRanges") && reader->Flag("minMaxRanges");
  if (reader->Has("float32Nodes")) options.float32_nodes = reader->Texts("float32Nodes", 0);
  ReadNumber(reader, "workspaceBytes", kMaxInteger, &options.workspace_bytes);
  ReadNumber(reader, "dlaSramBytes", kMaxInteger, &options.dla_managed_sram_bytes);
  ReadNumber(reader, "dlaLocalDramBytes", kMaxInteger, &options.dla_local_dram_bytes);
  ReadNumber(reader, "dlaGlobalDramBytes", kMaxInteger, &options.dla_global_dram_bytes);
  ReadNumber(reader, "tacticSharedMemoryBytes", kMaxInteger, &options.tactic_shared_memory_bytes);
  ReadNumber(reader, "effort", kMaxEffort, &options.effort);
  ReadText(reader, "calibrationTablePath", &options.calibration_table_path);
  ReadText(reader, "calibrationDataPath", &options.calibration_data_path);
  ReadText(reader, "timingCachePath", &options.timing_cache_path);
  ReadText(reader, "engineKey", &options.engine_key);
  if (reader->Has("macKey")) options.mac_key = reader->Bytes("macKey");
  ReadNumber(reader, "computeCapability", kMaxCapability, &options.compute_capability);
  for (OptionReader& one : reader->Children("shapes")) {
    ShapeRange& range = options.shapes.emplace_back();
    range.input = one.Text("input");
    range.min = ReadShape(&one, "min");
    range.opt = ReadShape(&one, "opt");
    range.max = ReadShape(&one, "max");
    reader->Adopt(one);
  }
  return request;
}

/// An AbortSignal that has been aborted, or null for none.
bool IsAborted(const Napi::Object& signal) {
  const Napi::Value aborted = signal.Get("aborted");
  return !aborted.IsEmpty() && aborted.IsBoolean() && aborted.As<Napi::Boolean>();
}

/// Has the build cancelled when the signal is aborted; a build that is over does not mind.
bool Follow(Napi::Env env, const Napi::Object& signal, const std::shared_ptr<BuildJob>& job) {
  const Napi::Value add = signal.Get("addEventListener");
  if (add.IsEmpty() || !add.IsFunction()) return false;
  const std::weak_ptr<BuildJob> build = job;
  const auto cancel = [build](const Napi::CallbackInfo&) {
    if (const auto one = build.lock()) one->Cancel();
  };
  const auto listener = Napi::Function::New(env, cancel, "jetfleetCancelBuild");
  const Napi::Value added =
      add.As<Napi::Function>().Call(signal, {Napi::String::New(env, "abort"), listener});
  return !added.IsEmpty();
}

}  // namespace

Napi::Value BuildEngine(const Napi::CallbackInfo& info, BuildList* builds) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  BuildRequest request = ReadBuildRequest(&reader);
  const bool has_signal = reader.HasObject("signal");
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  if (!info[1].IsFunction()) {
    return Rejected(env, Napi::TypeError::New(env, "Expected a function for onProgress"));
  }
  Napi::Object signal;
  if (has_signal) signal = reader.Get("signal").As<Napi::Object>();
  if (has_signal && IsAborted(signal)) {
    const auto status = Status::Error(ErrorCode::kCancelled, "The build was cancelled");
    return Rejected(env, ToJsError(env, status));
  }
  std::shared_ptr<BuildJob> job;
  const Napi::Promise promise =
      BuildJob::Start(env, std::move(request), info[1].As<Napi::Function>(), &job);
  if (job == nullptr) return promise;
  builds->Add(job);
  if (has_signal && !Follow(env, signal, job)) {
    job->Cancel();
    if (env.IsExceptionPending()) env.GetAndClearPendingException();
  }
  return promise;
}

}  // namespace jetfleet
