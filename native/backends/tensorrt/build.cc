#include "backends/tensorrt/build.h"

#include <algorithm>
#include <cctype>

#include "backends/tensorrt/build_config.h"
#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/files/sealed_engine.h"
#include "backends/tensorrt/log.h"
#include "backends/tensorrt/monitor.h"

namespace jetfleet::tensorrt {
namespace {

/// Shares of a build before and after the builder's own work, which is nearly all of it.
constexpr double kParsed = 0.02;
constexpr double kBuilt = 0.97;

/// Whether the library's own words are about memory.
bool SpeaksOfMemory(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text.find("out of memory") != std::string::npos ||
         text.find("outofmemory") != std::string::npos ||
         text.find("insufficient memory") != std::string::npos;
}

[[noreturn]] void ThrowWhyNotBuilt(const std::string& model) {
  const std::string errors = TheLog().Errors();
  if (SpeaksOfMemory(errors)) {
    throw Failure(JF_OUT_OF_MEMORY, "Not enough memory to build an engine of " + model +
                                        "; stop what else uses the GPU, allow less workspace or "
                                        "add swap: " +
                                        errors);
  }
  throw Failure(JF_MODEL_INVALID,
                std::string(kVendorName) + " cannot build an engine of " + model + ": " + errors);
}

/// Text as it stands in JSON between quotes; versions and names of devices need no more.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) quoted += c;
  }
  return quoted + '"';
}

/// What is kept with an engine, as JSON. `inspection` is JSON or empty.
std::string NotesOf(const Library& library, const cuda::Device* device, std::uint32_t capability,
                    const std::string& inspection) {
  if (capability == 0 && device != nullptr) {
    capability = static_cast<std::uint32_t>(device->capability());
  }
  return "{\"backend\":" + Quoted(kBackendName) + ",\"version\":" + Quoted(library.version()) +
         ",\"computeCapability\":" + std::to_string(capability) +
         ",\"builtOn\":" + (device == nullptr ? "null" : Quoted(device->name())) +
         ",\"inspector\":" + (inspection.empty() ? "null" : inspection) + "}";
}

std::unique_ptr<nvinfer1::IHostMemory> RunBuilder(nvinfer1::IBuilder& builder, Network* network,
                                                  BuildConfig* config, BuildListener* listener) {
  listener->Progress(kParsed, "building");
#if JF_TRT_PROGRESS
  Monitor monitor(listener, kParsed, kBuilt);
  config->get().setProgressMonitor(&monitor);
#endif
  TheLog().Clear();
  std::unique_ptr<nvinfer1::IHostMemory> plan(
      builder.buildSerializedNetwork(*network->definition, config->get()));
#if JF_TRT_PROGRESS
  config->get().setProgressMonitor(nullptr);
#endif
  return plan;
}

/// What the library made, all that it needed for it given back.
struct Made {
  std::unique_ptr<nvinfer1::IHostMemory> plan;
  Accelerator accelerator;
};

Made MakePlan(const Library& library, const cuda::Device* device, const JfBuildOptions& options,
              BuildListener* listener) {
  const Model model = ReadModel(options.model_path, listener);
  if (device != nullptr) device->MakeCurrent();
  const std::unique_ptr<nvinfer1::IBuilder> builder = library.NewBuilder();
  Made made;
  made.accelerator =
      AcceleratorOf(options.accelerator, device == nullptr ? 0 : builder->getNbDLACores(),
                    device == nullptr ? "this machine" : device->name());
  const Precision precision = PrecisionOf(options.precision, *builder, model);
  const std::unique_ptr<Network> network = ParseModel(library, *builder, model, listener);
  listener->ThrowIfCancelled();
  BuildConfig config(builder.get(), options, listener);
  config.SetComputeCapability(device != nullptr);
  config.AddProfile(*network->definition);
  config.SetPrecision(precision, *network->definition, model);
  config.PlaceLayers(made.accelerator, precision, *network->definition);
  config.UseTimingCache();
  made.plan = RunBuilder(*builder, network.get(), &config, listener);
  config.KeepTimingCache();
  listener->ThrowIfCancelled();
  config.KeepCalibration();
  for (const std::string& warning : TheLog().Warnings()) {
    listener->Problem(JF_WARNING, "", "", warning);
  }
  if (made.plan == nullptr || made.plan->size() == 0) ThrowWhyNotBuilt(options.model_path);
  return made;
}

}  // namespace

void Build(const Library& library, const cuda::Device* device, const JfBuildOptions& options,
           BuildListener* listener) {
  listener->ThrowIfCancelled();
  listener->Progress(0, "reading the model");
  const Made made = MakePlan(library, device, options, listener);
  listener->Progress(kBuilt, "looking at the engine");
  std::string inspection;
  if (device != nullptr && options.compute_capability == 0) {
    // Also proves that what is kept can be loaded.
    inspection = Program(library, *device, made.accelerator, made.plan->data(), made.plan->size())
                     .inspection();
    listener->ThrowIfCancelled();
  }
  const std::string notes = NotesOf(library, device, options.compute_capability, inspection);
  listener->Progress(0.99, "writing the engine");
  const std::string_view key = options.engine_key == nullptr ? "" : options.engine_key;
  WriteEngine(options.engine_path,
              {key, notes, {static_cast<const char*>(made.plan->data()), made.plan->size()}},
              {options.mac_key, options.mac_key_bytes});
  listener->Progress(1, "done");
}

}  // namespace jetfleet::tensorrt
