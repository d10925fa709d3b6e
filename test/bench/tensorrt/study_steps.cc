#include <algorithm>
#include <chrono>
#include <fstream>
#include <vector>

#include "backends/tensorrt/cuda/owners.h"
#include "steps.h"
#include "worker.h"

namespace jetfleet::bench {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

/// What layers of an engine take by the library's profiler, in `runs` runs: to the file `to` as a
/// JSON array in their order, and the five slowest.
Figures LayersStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const Engine engine(backend, arguments.Get("engine"));
  const cuda::DeviceMemory input = cuda::Allocate(BytesOf(engine.input()));
  const JfTensor in = TensorOf(engine.input(), JF_CUDA, reinterpret_cast<void*>(input.get()));
  std::vector<cuda::DeviceMemory> memory;
  std::vector<JfTensor> outputs;
  for (const JfIo& io : engine.outputs()) {
    memory.push_back(cuda::Allocate(BytesOf(io)));
    outputs.push_back(TensorOf(io, JF_CUDA, reinterpret_cast<void*>(memory.back().get())));
  }
  std::vector<Layer> layers =
      engine.Profile(in, outputs, static_cast<std::uint32_t>(arguments.Number("runs", 100)));
  double sum = 0;
  std::string all;
  for (const Layer& layer : layers) {
    sum += layer.ms;
    all +=
        (all.empty() ? "" : ",\n") + Figures().Add("name", layer.name).Add("ms", layer.ms).Text();
  }
  std::ofstream(arguments.Get("to")) << "[" << all << "]\n";
  std::sort(layers.begin(), layers.end(),
            [](const Layer& a, const Layer& b) { return a.ms > b.ms; });
  std::string slowest;
  const std::size_t shown = std::min<std::size_t>(layers.size(), 5);
  for (std::size_t i = 0; i < shown; ++i) {
    slowest +=
        (i > 0 ? "," : "") + Figures().Add("name", layers[i].name).Add("ms", layers[i].ms).Text();
  }
  return Figures()
      .Add("layers", static_cast<double>(layers.size()))
      .Add("sumMs", sum)
      .Raw("slowest", "[" + slowest + "]");
}

/// A context that is asked for preprocessing by `by` ("vic"), which a machine without a Jetson's
/// libraries refuses by what is missing.
Figures PreprocessorStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const Engine engine(backend, arguments.Get("engine"));
  const JfCapabilities capabilities = backend.capabilities();
  std::string known;
  for (std::uint32_t i = 0; i < capabilities.preprocessor_count; ++i) {
    known += (i > 0 ? "," : "") + std::string(capabilities.preprocessors[i]);
  }
  Figures figures;
  figures.Add("known", known);
  try {
    backend.table().context->destroy(engine.NewContext(arguments.Get("by")));
    return figures.Add("outcome", "works");
  } catch (const Refusal& refusal) {
    return figures.Add("code", refusal.code).Add("message", refusal.message);
  }
}

/// The bare enqueue loop by itself, `rounds` times for `milliseconds` each: with the memory that
/// the pipeline uses, a set and so a CUDA graph for each run in flight, and with one set for all.
Figures BareStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const Engine engine(backend, arguments.Get("engine"));
  const double seconds = arguments.Number("milliseconds", 1000) / 1000.0;
  Worker own(engine, false, 0);
  Worker shared(engine, false, 0, Worker::Memory::kShared);
  const auto rate = [&](Worker* worker) {
    std::uint64_t runs = 0;
    const auto start = Clock::now();
    const auto took = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    for (; took() < seconds; ++runs) worker->PushBare();
    worker->Drain(nullptr);
    return static_cast<double>(runs) / took();
  };
  rate(&own);
  rate(&shared);
  std::string own_rates;
  std::string shared_rates;
  for (int round = 0; round < arguments.Number("rounds", 3); ++round) {
    const std::string comma = round > 0 ? "," : "";
    own_rates += comma + std::to_string(rate(&own));
    shared_rates += comma + std::to_string(rate(&shared));
  }
  return Figures()
      .Raw("batchesPerSecond", "[" + own_rates + "]")
      .Raw("batchesPerSecondOneSet", "[" + shared_rates + "]");
}

}  // namespace jetfleet::bench
