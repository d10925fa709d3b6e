#include "backends/tensorrt/build.h"

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

/// A builder that finds no memory seldom says so: seen on an H100 with 300 MB left, "Cask (no
/// further information)" and "invalid resource handle".
constexpr std::size_t kLittle = std::size_t{512} << 20U;

/// Where a GPU has memory of its own: 10.6 does not give up for want of it but tries kernel after
/// kernel, for more than a minute with 16 MB left. Elsewhere what is free says little, for the
/// system gives back what it caches.
void ExpectRoom(const cuda::Device& device) {
  const std::size_t free = cuda::FreeBytes();
  if (device.integrated() || free >= kLittle) return;
  throw Failure(JF_OUT_OF_MEMORY, "Expected at least " + std::to_string(kLittle >> 20U) +
                                      " MB of free memory of " + device.name() +
                                      " to build an engine but got " + std::to_string(free >> 20U) +
                                      " MB; stop what else uses it");
}

[[noreturn]] void ThrowWhyNotBuilt(const std::string& model) {
  const std::string errors = TheLog().Errors();
  if (TheLog().SpeaksOfMemory() || cuda::FreeBytes() < kLittle) {
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
                    bool converted, const std::string& inspection) {
  if (capability == 0 && device != nullptr) {
    capability = static_cast<std::uint32_t>(device->capability());
  }
  return "{\"backend\":" + Quoted(kBackendName) + ",\"version\":" + Quoted(library.version()) +
         ",\"computeCapability\":" + std::to_string(capability) +
         ",\"builtOn\":" + (device == nullptr ? "null" : Quoted(device->name())) +
         ",\"convertedToFloat16\":" + (converted ? "true" : "false") +
         ",\"inspector\":" + (inspection.empty() ? "null" : inspection) + "}";
}

std::unique_ptr<nvinfer1::IHostMemory> RunBuilder(nvinfer1::IBuilder& builder, Network* network,
                                                  BuildConfig* config, BuildListener* listener) {
  listener->Progress(kParsed, "building");
#if JF_TRT_PROGRESS
  Monitor monitor(listener, kParsed, kBuilt, [config] { config->KeepTimingCache(); });
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
  /// From float32 to float16, by us.
  bool converted = false;
};

Made MakePlan(const Library& library, const cuda::Device* device, const JfBuildOptions& options,
              BuildListener* listener) {
  Model model = ReadModel(options.model_path, listener);
  if (device != nullptr) {
    device->MakeCurrent();
    if (options.compute_capability == 0) ExpectRoom(*device);
  }
  const std::unique_ptr<nvinfer1::IBuilder> builder = library.NewBuilder();
  Made made;
  made.accelerator =
      AcceleratorOf(options.accelerator, device == nullptr ? 0 : builder->getNbDLACores(),
                    device == nullptr ? "this machine" : device->name());
  const Precision precision = PrecisionOf(options.precision, *builder, model);
  const std::set<std::string> float32 = Float32Nodes(options);
#if JF_TRT_STRONGLY_TYPED
  made.converted = precision == Precision::kFp16 && !IsHalf(model);
  if (made.converted) ConvertToHalf(float32, &model, listener);
#endif
  const std::unique_ptr<Network> network = ParseModel(library, *builder, model, listener);
  listener->ThrowIfCancelled();
  BuildConfig config(builder.get(), options, listener);
  config.SetComputeCapability(device != nullptr);
  config.AddProfile(*network->definition);
  config.SetPrecision(precision, *network->definition, model);
  if (precision != Precision::kFp32) config.KeepFloat32(float32, *network->definition);
  // A DLA has no layers of mixed types to spare: each would be a way to the GPU and back.
  const bool mixes = precision == Precision::kInt8 && made.accelerator.dla_core < 0;
  if (mixes) config.KeepOutputs(model.outline, *network->definition);
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
  const std::string notes =
      NotesOf(library, device, options.compute_capability, made.converted, inspection);
  listener->Progress(0.99, "writing the engine");
  const std::string_view key = options.engine_key == nullptr ? "" : options.engine_key;
  WriteEngine(options.engine_path,
              {key, notes, {static_cast<const char*>(made.plan->data()), made.plan->size()}},
              {options.mac_key, options.mac_key_bytes});
  listener->Progress(1, "done");
}

}  // namespace jetfleet::tensorrt
