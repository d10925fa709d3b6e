#include <chrono>
#include <memory>

#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "binding/to_js.h"
#include "core/infer/bench.h"

namespace jetfleet {
namespace {

constexpr double kMaxBatch = 1024;
constexpr double kMaxMs = 3600.0 * 1000;
constexpr double kMaxThreads = 64;

BenchOptions ReadBenchOptions(OptionReader* reader) {
  BenchOptions options;
  options.backend_path = reader->Text("backendPath");
  options.runtime_path = reader->Text("runtimePath");
  options.load.path = reader->Text("path");
  if (reader->Has("accelerator")) options.load.accelerator = reader->Text("accelerator");
  if (reader->Has("engineKey")) options.load.engine_key = reader->Text("engineKey");
  if (reader->Has("macKey")) options.load.mac_key = reader->Bytes("macKey");
  options.load.threads = static_cast<std::uint32_t>(reader->Number("threads", 0, kMaxThreads));
  options.batch = static_cast<std::int64_t>(reader->Number("batch", 0, kMaxBatch));
  const auto ms = [reader](const char* name) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(reader->Number(name, 0, kMaxMs)));
  };
  options.warm_up = ms("warmUpMs");
  options.duration = ms("durationMs");
  options.layers = reader->Flag("layers");
  return options;
}

Napi::Object ResultToJs(Napi::Env env, const BenchResult& result) {
  auto object = Napi::Object::New(env);
  object.Set("backend", result.backend.name);
  object.Set("version", result.backend.vendor_version);
  auto accelerators = Napi::Array::New(env);
  for (const std::string& name : result.backend.accelerators) {
    accelerators.Set(accelerators.Length(), name);
  }
  object.Set("accelerators", accelerators);
  object.Set("model", ToJs(env, result.model));
  object.Set("batch", static_cast<double>(result.batch));
  auto latency = Napi::Array::New(env, result.latency_ms.size());
  for (std::size_t i = 0; i < result.latency_ms.size(); ++i) {
    latency.Set(static_cast<std::uint32_t>(i), result.latency_ms[i]);
  }
  object.Set("latencyMs", latency);
  object.Set("runs", static_cast<double>(result.runs));
  object.Set("hostMs", result.host_ms);
  object.Set("inFlight", result.in_flight);
  const auto text_or_null = [env](const std::string& text) {
    return text.empty() ? env.Null() : Napi::Value(Napi::String::New(env, text));
  };
  object.Set("inspection", text_or_null(result.inspection));
  auto layers = Napi::Array::New(env, result.layers.size());
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    auto layer = Napi::Object::New(env);
    layer.Set("name", result.layers[i].name);
    layer.Set("ms", result.layers[i].ms);
    layers.Set(static_cast<std::uint32_t>(i), layer);
  }
  object.Set("layerTimes", layers);
  object.Set("noInspection", text_or_null(result.no_inspection));
  return object;
}

}  // namespace

Napi::Value BenchModel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  const BenchOptions options = ReadBenchOptions(&reader);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  const auto result = std::make_shared<BenchResult>();
  return Job::Run(
      env, "jetfleet-bench", [options, result] { return RunBench(options, result.get()); },
      [result](Napi::Env settle_env) { return ResultToJs(settle_env, *result); });
}

}  // namespace jetfleet
