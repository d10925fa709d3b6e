// Builds a TensorRT 8.6 engine and says what became of the ONNX nodes:
//   inspect-engine build MODEL.onnx fp32|fp16|int8 LEVEL plain|jit TIMING_CACHE ENGINE > built.json
//   inspect-engine measure ENGINE > measured.json
// One JSON object on stdout; warnings, and what the builder fuses, on stderr.
#include <cuda_runtime_api.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string_view>
#include <vector>

#include "builder-tools.h"

namespace {

constexpr int kWarmUps = 50;
constexpr int kRuns = 200;
constexpr size_t kWorkspaceBytes = size_t{1} << 30;

class Logger : public nvinfer1::ILogger {
 public:
  void log(Severity severity, char const* text) noexcept override {
    std::string_view const line(text);
    bool const tells = line.rfind("Fusing", 0) == 0 || line.find("Fusion:") != line.npos ||
                       line.rfind("Merging", 0) == 0 || line.rfind("After ", 0) == 0 ||
                       line.rfind("Eliminating", 0) == 0 || line.rfind("Removing", 0) == 0 ||
                       line.rfind("Running: ", 0) == 0;
    if (severity <= Severity::kWARNING || tells) std::cerr << line << "\n";
  }
};

/** Sums the milliseconds of each layer, in the order of execution. */
class LayerTimes : public nvinfer1::IProfiler {
 public:
  void reportLayerTime(char const* name, float ms) noexcept override {
    auto const [place, isNew] = at_.try_emplace(name, sums_.size());
    if (isNew) sums_.emplace_back(name, 0.0);
    sums_[place->second].second += ms;
  }
  std::vector<std::pair<std::string, double>> const& sums() const { return sums_; }

 private:
  std::map<std::string, size_t> at_;
  std::vector<std::pair<std::string, double>> sums_;
};

void check(cudaError_t error, char const* doing) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(doing) + ": " + cudaGetErrorString(error));
}

struct FreeDevice {
  void operator()(void* bytes) const { cudaFree(bytes); }
};
using DeviceBytes = std::unique_ptr<void, FreeDevice>;

DeviceBytes deviceBytes(size_t bytes) {
  void* place = nullptr;
  check(cudaMalloc(&place, bytes), "taking device memory");
  DeviceBytes owned(place);
  check(cudaMemset(place, 0, bytes), "clearing device memory");
  return owned;
}

std::vector<char> readFile(std::string const& path, bool mayLack = false) {
  std::ifstream file(path, std::ios::binary);
  if (!file && !mayLack) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void writeFile(std::string const& path, void const* bytes, size_t size) {
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<char const*>(bytes), static_cast<std::streamsize>(size));
  if (!file) throw std::runtime_error("cannot write " + path);
}

/** Ranges of ±1 for every tensor: wrong values, and the same layers as with calibrated ones. */
void setRanges(nvinfer1::INetworkDefinition& network) {
  for (int i = 0; i < network.getNbInputs(); ++i) network.getInput(i)->setDynamicRange(-1, 1);
  for (int i = 0; i < network.getNbLayers(); ++i) {
    auto* layer = network.getLayer(i);
    for (int o = 0; o < layer->getNbOutputs(); ++o) layer->getOutput(o)->setDynamicRange(-1, 1);
  }
}

void configure(nvinfer1::IBuilderConfig& config, nvinfer1::INetworkDefinition& network,
               std::string const& precision, int level, bool jit) {
  using nvinfer1::TacticSource;
  config.setMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE, kWorkspaceBytes);
  config.setProfilingVerbosity(nvinfer1::ProfilingVerbosity::kDETAILED);
  config.setBuilderOptimizationLevel(level);
  // Without cuBLAS and cuDNN, whose libraries of that time a machine may lack.
  config.setTacticSources(
      1U << static_cast<uint32_t>(TacticSource::kEDGE_MASK_CONVOLUTIONS) |
      (jit ? 1U << static_cast<uint32_t>(TacticSource::kJIT_CONVOLUTIONS) : 0U));
  if (precision != "fp32") config.setFlag(nvinfer1::BuilderFlag::kFP16);
  if (precision == "int8") {
    config.setFlag(nvinfer1::BuilderFlag::kINT8);
    setRanges(network);
  }
}

void build(Logger& logger, std::vector<std::string> const& args) {
  auto const &model = args[0], &precision = args[1], &tactics = args[3];
  auto const &cachePath = args[4], &enginePath = args[5];
  int const level = std::stoi(args[2]);
  auto builder = made(nvinfer1::createInferBuilder(logger), "builder");
  auto const explicitBatch =
      1U << static_cast<uint32_t>(nvinfer1::NetworkDefinitionCreationFlag::kEXPLICIT_BATCH);
  auto const parsed = parseModel(*builder, logger, explicitBatch, model);
  auto& network = *parsed.network;
  int const layers = network.getNbLayers();
  auto config = made(builder->createBuilderConfig(), "configuration");
  configure(*config, network, precision, level, tactics == "jit");
  auto const kept = readFile(cachePath, true);
  auto cache = made(config->createTimingCache(kept.data(), kept.size()), "timing cache");
  config->setTimingCache(*cache, false);
  auto const start = std::chrono::steady_clock::now();
  auto plan = made(builder->buildSerializedNetwork(network, *config), "engine");
  double const seconds = secondsSince(start);
  writeFile(enginePath, plan->data(), plan->size());
  auto timings = made(cache->serialize(), "serialised timing cache");
  writeFile(cachePath, timings->data(), timings->size());
  std::cout << "{\"precision\":" << quoted(precision) << ",\"level\":" << level
            << ",\"tactics\":" << quoted(tactics) << ",\"networkLayers\":" << layers
            << ",\"buildSeconds\":" << seconds << ",\"engineBytes\":" << plan->size()
            << ",\"cacheKnewBytes\":" << kept.size() << "}\n";
}

size_t bytesOf(nvinfer1::ICudaEngine const& engine, char const* tensor) {
  auto const dims = engine.getTensorShape(tensor);
  size_t elements = 1;
  for (int i = 0; i < dims.nbDims; ++i) {
    if (dims.d[i] < 0) throw std::runtime_error("only static shapes are measured");
    elements *= static_cast<size_t>(dims.d[i]);
  }
  return elements * 4;  // No type of an input or output of ours is wider.
}

double averageMs(int runs, cudaStream_t stream, std::function<bool()> const& enqueue) {
  check(cudaStreamSynchronize(stream), "waiting");
  auto const start = std::chrono::steady_clock::now();
  for (int i = 0; i < runs; ++i)
    if (!enqueue()) throw std::runtime_error("TensorRT refused to run the engine");
  check(cudaStreamSynchronize(stream), "running");
  return secondsSince(start) * 1e3 / runs;
}

void measure(Logger& logger, std::vector<std::string> const& args) {
  auto const plan = readFile(args[0]);
  auto runtime = made(nvinfer1::createInferRuntime(logger), "runtime");
  auto engine =
      made(runtime->deserializeCudaEngine(plan.data(), plan.size()), "engine of the file");
  auto context = made(engine->createExecutionContext(), "context");
  std::vector<DeviceBytes> tensors;
  for (int i = 0; i < engine->getNbIOTensors(); ++i) {
    char const* name = engine->getIOTensorName(i);
    tensors.push_back(deviceBytes(bytesOf(*engine, name)));
    context->setTensorAddress(name, tensors.back().get());
  }
  cudaStream_t raw = nullptr;
  check(cudaStreamCreate(&raw), "making a stream");
  std::unique_ptr<CUstream_st, cudaError_t (*)(cudaStream_t)> stream(raw, cudaStreamDestroy);
  auto const enqueue = [&] { return context->enqueueV3(stream.get()); };
  averageMs(kWarmUps, stream.get(), enqueue);
  double const ms = averageMs(kRuns, stream.get(), enqueue);
  LayerTimes times;
  context->setProfiler(&times);
  averageMs(kRuns, stream.get(), enqueue);
  auto inspector = made(engine->createEngineInspector(), "inspector");
  cudaDeviceProp device{};
  check(cudaGetDeviceProperties(&device, 0), "asking the device");
  std::cout << "{\"tensorrt\":\"" << NV_TENSORRT_MAJOR << '.' << NV_TENSORRT_MINOR << '.'
            << NV_TENSORRT_PATCH << "\",\"gpu\":" << quoted(device.name)
            << ",\"deviceMemoryBytes\":" << engine->getDeviceMemorySize() << ",\"enqueueMs\":" << ms
            << ",\"layerMs\":[";
  char const* comma = "";
  for (auto const& [name, sum] : times.sums()) {
    std::cout << comma << '[' << quoted(name) << ',' << sum / kRuns << ']';
    comma = ",";
  }
  std::cout << "],\"engine\":"
            << inspector->getEngineInformation(nvinfer1::LayerInformationFormat::kJSON) << "}\n";
}

}  // namespace

int main(int count, char** words) {
  std::vector<std::string> args(words + 1, words + count);
  std::string const verb = args.empty() ? "" : args.front();
  if (!args.empty()) args.erase(args.begin());
  Logger logger;
  return reporting("inspect-engine", [&] {
    if (verb == "build" && args.size() == 6)
      build(logger, args);
    else if (verb == "measure" && args.size() == 1)
      measure(logger, args);
    else
      throw std::invalid_argument(
          "build MODEL PRECISION LEVEL TACTICS CACHE ENGINE | measure ENGINE");
  });
}
