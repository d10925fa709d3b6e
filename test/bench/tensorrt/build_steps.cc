#include <atomic>
#include <chrono>
#include <climits>
#include <fstream>

#include "backends/tensorrt/cuda/owners.h"
#include "steps.h"

namespace jetfleet::bench {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Watch {
  Clock::time_point start = Clock::now();
  double cancel_after_s = 0;
  int cancel_after_steps = 0;
  std::atomic<double> asked_s{0};
  double share = 0;
  std::atomic<int> steps{0};
  int layers = 0;
  int warnings = 0;
};

std::uint64_t SizeOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  return file ? static_cast<std::uint64_t>(file.tellg()) : 0;
}

}  // namespace

/// Builds an engine `times` times (1 by default), as `precision` says, or is cancelled after
/// `cancelAfterS` or, where the library tells each of its steps, `cancelAfterSteps`, whichever is
/// first. Device memory is read before and after each.
Figures BuildStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  JfBuildOptions options = Sized<JfBuildOptions>();
  const std::string model = arguments.Get("model");
  const std::string engine = arguments.Get("engine");
  const std::string precision = arguments.Get("precision");
  const std::string cache = arguments.Get("timingCache", "");
  const std::string table = arguments.Get("calibrationTable", "");
  const std::string data = arguments.Get("calibrationData", "");
  const std::string key = arguments.Get("key", "");
  const std::string mac = arguments.Get("mac", "");
  options.engine_key = key.empty() ? nullptr : key.c_str();
  options.mac_key = reinterpret_cast<const std::uint8_t*>(mac.data());
  options.mac_key_bytes = static_cast<std::uint32_t>(mac.size());
  options.model_path = model.c_str();
  options.engine_path = engine.c_str();
  options.precision = precision.c_str();
  options.timing_cache_path = cache.empty() ? nullptr : cache.c_str();
  options.calibration_table_path = table.empty() ? nullptr : table.c_str();
  options.calibration_data_path = data.empty() ? nullptr : data.c_str();
  std::vector<const char*> float32;
  const std::vector<std::string> named = Split(arguments.Get("float32Nodes", ""));
  for (const std::string& node : named) float32.push_back(node.c_str());
  options.float32_nodes = float32.data();
  options.float32_node_count = static_cast<std::uint32_t>(float32.size());
  options.workspace_bytes = static_cast<std::uint64_t>(arguments.Number("workspaceMb", 0)) << 20U;
  options.tactic_shared_memory_bytes =
      static_cast<std::uint64_t>(arguments.Number("tacticSharedKb", 0)) << 10U;
  if (arguments.Number("minMax", 0) != 0) options.flags |= JF_MIN_MAX_RANGES;
  options.effort = static_cast<std::uint32_t>(arguments.Number("effort", 0));
  Watch watch;
  watch.cancel_after_s = arguments.Number("cancelAfterS", 0);
  watch.cancel_after_steps = arguments.Number("cancelAfterSteps", INT_MAX);
  JfBuildEvents events = Sized<JfBuildEvents>();
  events.user = &watch;
  events.progress = [](void* user, double share, const char*) {
    auto* const to = static_cast<Watch*>(user);
    ++to->steps;
    to->share = share;
  };
  events.cancelled = [](void* user) -> std::int32_t {
    auto* const to = static_cast<Watch*>(user);
    const bool late = to->cancel_after_s != 0 && SecondsSince(to->start) >= to->cancel_after_s;
    if (!late && to->steps < to->cancel_after_steps) return 0;
    if (to->asked_s == 0) to->asked_s = SecondsSince(to->start);
    return 1;
  };
  events.layer = [](void* user, const JfLayer*) { ++static_cast<Watch*>(user)->layers; };
  events.problem = [](void* user, const JfProblem*) { ++static_cast<Watch*>(user)->warnings; };
  std::string seconds;
  device.MakeCurrent();
  std::string free_bytes = std::to_string(device.memory().free_bytes);
  Figures figures;
  for (int i = 0; i < arguments.Number("times", 1); ++i) {
    watch.start = Clock::now();
    JfError error = Sized<JfError>();
    const std::int32_t code = backend.table().build(backend.get(), &options, &events, &error);
    const double took_s = SecondsSince(watch.start);
    seconds += (i > 0 ? "," : "") + std::to_string(took_s);
    free_bytes += "," + std::to_string(device.memory().free_bytes);
    if (code == JF_CANCELLED && watch.asked_s > 0) {
      figures.Add("cancelledAtShare", watch.share)
          .Add("secondsFromAskedToEnded", took_s - watch.asked_s);
    } else {
      Check(code, error);
    }
  }
  return figures.Raw("seconds", "[" + seconds + "]")
      .Raw("freeBytesBeforeAndAfterEach", "[" + free_bytes + "]")
      .Add("engineBytes", static_cast<double>(SizeOf(engine)))
      .Add("timingCacheBytes", static_cast<double>(SizeOf(cache)))
      .Add("progressSteps", watch.steps)
      .Add("layers", watch.layers)
      .Add("problems", watch.warnings);
}

/// Writes the library's own description of an engine to the file `to`.
Figures InspectStep(const Backend& backend, const Arguments& arguments) {
  const Engine engine(backend, arguments.Get("engine"));
  const std::string json = engine.Inspection();
  std::ofstream(arguments.Get("to")) << json;
  return Figures().Add("bytes", static_cast<double>(json.size()));
}

/// What is asked of an accelerator that this machine does not have.
Figures RefuseStep(const Backend& backend, const Arguments& arguments) {
  JfBuildOptions options = Sized<JfBuildOptions>();
  const std::string model = arguments.Get("model");
  const std::string accelerator = arguments.Get("accelerator");
  options.model_path = model.c_str();
  options.engine_path = "/tmp/refused.engine";
  options.precision = "fp16";
  options.accelerator = accelerator.c_str();
  JfError error = Sized<JfError>();
  const std::int32_t code = backend.table().build(backend.get(), &options, nullptr, &error);
  return Figures().Add("code", code).Add("message", static_cast<const char*>(error.message));
}

/// Loads an engine, makes a context, runs it once and frees all, `times` times.
Figures CyclesStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const std::string path = arguments.Get("engine");
  const int times = arguments.Number("times", 200);
  // The first ones make what the driver and the library keep for good.
  constexpr int kWarmUp = 5;
  std::uint64_t before = 0;
  const auto start = Clock::now();
  for (int i = 0; i < times + kWarmUp; ++i) {
    if (i == kWarmUp) before = device.memory().free_bytes;
    const Engine engine(backend, path);
    const JfContextFunctions& functions = *backend.table().context;
    JfContext* const context = engine.NewContext();
    const cuda::DeviceMemory input = cuda::Allocate(BytesOf(engine.input()));
    JfError error = Sized<JfError>();
    std::vector<cuda::DeviceMemory> memory;
    std::vector<JfTensor> outputs;
    for (const JfIo& io : engine.outputs()) {
      memory.push_back(cuda::Allocate(BytesOf(io)));
      outputs.push_back(TensorOf(io, JF_CUDA, reinterpret_cast<void*>(memory.back().get())));
    }
    std::vector<const JfTensor*> pointers;
    for (const JfTensor& output : outputs) pointers.push_back(&output);
    const JfTensor in = TensorOf(engine.input(), JF_CUDA, reinterpret_cast<void*>(input.get()));
    const JfTensor* const inputs[] = {&in};
    std::uint64_t ticket = 0;
    std::int32_t code =
        functions.submit(context, static_cast<const JfTensor* const*>(inputs), 1, pointers.data(),
                         static_cast<std::uint32_t>(pointers.size()), &ticket, &error);
    if (code == JF_OK) code = functions.wait(context, ticket, &error);
    functions.destroy(context);
    Check(code, error);
  }
  const auto growth = static_cast<double>(before) - static_cast<double>(device.memory().free_bytes);
  return Figures()
      .Add("cycles", times)
      .Add("growthBytes", growth)
      .Add("secondsPerCycle", SecondsSince(start) / (times + kWarmUp));
}

}  // namespace jetfleet::bench
