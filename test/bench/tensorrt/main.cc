// One step of the bench of the TensorRT backend: prints a JSON object. `run` does all of them in
// their order and is what `npm run bench -- tensorrt` starts.
//   jetfleet-tensorrt-bench STEP [backend=FILE.so library=FOLDER] [name=value …]
#include <iostream>

#include "backends/tensorrt/cuda/owners.h"
#include "steps.h"

namespace jetfleet::bench {

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : list + ",") {
    if (c == ',') {
      if (!part.empty()) parts.push_back(part);
      part.clear();
    } else {
      part += c;
    }
  }
  return parts;
}

Arguments::Arguments(int argc, char** argv) {
  for (int i = 0; i < argc; ++i) {
    const std::string text = argv[i];
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) throw std::invalid_argument("Expected name=value: " + text);
    values_[text.substr(0, equals)] = text.substr(equals + 1);
  }
}

const std::string& Arguments::Get(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw std::invalid_argument("Expected " + name + "=…");
  return found->second;
}

std::string Arguments::Get(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

int Arguments::Number(const std::string& name, int otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : std::stoi(found->second);
}

namespace {

Figures WhereStep(const Backend& backend) {
  const cuda::Device device;
  const int driver = cuda::TheDriver().version;
  const JfCapabilities capabilities = backend.capabilities();
  return Figures()
      .Add("device", device.name())
      .Add("computeCapability", device.capability() / 10.0)
      .Add("multiprocessors", device.multiprocessors())
      .Add("driverCuda", driver / 1000 + driver % 1000 / 10 / 10.0)
      .Add("backend", capabilities.name)
      .Add("vendorVersion", capabilities.vendor_version)
      .Add("memoryBytes", static_cast<double>(device.memory().total_bytes));
}

Figures Step(const std::string& step, const Arguments& arguments) {
  if (step == "inputs") return InputsStep(arguments);
  if (step == "agree") return AgreeStep(arguments);
  if (step == "prepare") return PrepareStep();
  const Backend backend(arguments.Get("backend"), arguments.Get("library", ""));
  if (step == "where") return WhereStep(backend);
  if (step == "build") return BuildStep(backend, arguments);
  if (step == "inspect") return InspectStep(backend, arguments);
  if (step == "memory") return MemoryStep(backend, arguments);
  if (step == "seal") return SealStep(backend, arguments);
  if (step == "refuse") return RefuseStep(backend, arguments);
  if (step == "run") return RunStep(backend, arguments);
  if (step == "map") return MapStep(backend, arguments);
  if (step == "throughput") return ThroughputStep(backend, arguments);
  if (step == "transfers") return TransfersStep(backend, arguments);
  if (step == "contexts") return ContextsStep(backend, arguments);
  if (step == "swap") return SwapStep(backend, arguments);
  if (step == "cycles") return CyclesStep(backend, arguments);
  if (step == "layers") return LayersStep(backend, arguments);
  if (step == "preprocessor") return PreprocessorStep(backend, arguments);
  if (step == "bare") return BareStep(backend, arguments);
  throw std::invalid_argument("There is no step " + step);
}

int Main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "Expected a step; see main.cc\n";
    return 2;
  }
  Figures outcome;
  int code = 1;
  try {
    const Arguments arguments(argc - 2, argv + 2);
    std::cout << Step(argv[1], arguments).Text() << std::endl;
    return 0;
  } catch (const Refusal& refusal) {
    outcome.Add("failed", refusal.message).Add("code", refusal.code);
  } catch (const Failure& failure) {
    outcome.Add("failed", failure.what()).Add("code", failure.code());
  } catch (const std::exception& failure) {
    outcome.Add("failed", failure.what());
    code = 2;
  }
  std::cout << outcome.Text() << std::endl;
  return code;
}

}  // namespace
}  // namespace jetfleet::bench

int main(int argc, char** argv) { return jetfleet::bench::Main(argc, argv); }
