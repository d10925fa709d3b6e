// Builds with TensorRT-RTX for a GPU that need not be there, and says what became of the ONNX
// nodes:
//   inspect-rtx MODEL.onnx COMPUTE_CAPABILITY > built.json      (75 is a T4, 89 an L4)
// One JSON object on stdout: the time, and the lines of the log that rtx-report.ts reads. A
// deserialised engine could be asked instead of the log, but deserialising needs the GPU.
#include <string_view>
#include <vector>

#include "builder-tools.h"

namespace {

/** Keeps the lines that tell of memory and of the engine's layers, and the first error. */
class Logger : public nvinfer1::ILogger {
 public:
  void log(Severity severity, char const* text) noexcept override {
    if (severity <= Severity::kERROR && firstError_.empty()) firstError_ = text;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::string_view const view(line);
      bool const tells = view.find("LayerType: ") != view.npos || view.rfind("Total ", 0) == 0 ||
                         view.rfind("Max Scratch", 0) == 0;
      if (tells) kept_.push_back(line);
    }
  }
  std::vector<std::string> const& kept() const { return kept_; }
  std::string const& firstError() const { return firstError_; }

 private:
  std::vector<std::string> kept_;
  std::string firstError_;
};

/** Bytes of the engine, and how long it took; throws what the builder says where it makes none. */
std::pair<size_t, double> build(Logger& logger, std::string const& path, int capability) {
  auto builder = made(nvinfer1::createInferBuilder(logger), "builder");
  auto const model = parseModel(*builder, logger, 0, path);
  auto config = made(builder->createBuilderConfig(), "configuration");
  config->setProfilingVerbosity(nvinfer1::ProfilingVerbosity::kDETAILED);
  config->setNbComputeCapabilities(1);
  config->setComputeCapability(static_cast<nvinfer1::ComputeCapability>(capability), 0);
  auto const start = std::chrono::steady_clock::now();
  auto const plan = made(builder->buildSerializedNetwork(*model.network, *config), "engine");
  return {plan->size(), secondsSince(start)};
}

void inspect(std::string const& path, int capability) {
  Logger logger;
  std::cout << "{\"tensorrtRtx\":\"" << NV_TENSORRT_MAJOR << '.' << NV_TENSORRT_MINOR << '.'
            << NV_TENSORRT_PATCH << "\",\"computeCapability\":" << capability;
  try {
    auto const [bytes, seconds] = build(logger, path, capability);
    std::cout << ",\"buildSeconds\":" << seconds << ",\"engineBytes\":" << bytes << ",\"log\":[";
    char const* comma = "";
    for (auto const& line : logger.kept()) {
      std::cout << comma << quoted(line);
      comma = ",";
    }
    std::cout << "]}\n";
  } catch (std::exception const& error) {
    auto const& first = logger.firstError();
    std::cout << ",\"error\":" << quoted(first.empty() ? error.what() : first) << "}\n";
    throw;
  }
}

}  // namespace

int main(int count, char** words) {
  return reporting("inspect-rtx", [&] {
    if (count != 3) throw std::invalid_argument("inspect-rtx MODEL.onnx COMPUTE_CAPABILITY");
    inspect(words[1], std::stoi(words[2]));
  });
}
