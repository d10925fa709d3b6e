// TensorRT and TensorRT-RTX: engines for one GPU or DLA, built there. Made once per generation
// (generation.h); the library itself is opened at run time. This file holds the tables of
// backend_abi.h; nothing thrown gets past it.
#include <memory>
#include <string>
#include <vector>

#include "backends/guard.h"
#include "backends/tensorrt/build.h"
#include "backends/tensorrt/context.h"
#include "backends/tensorrt/cuda/dmabuf.h"
#include "backends/tensorrt/cuda/embedded.h"
#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/cuda/vic.h"
#include "backends/tensorrt/files/sealed_engine.h"
#include "backends/tensorrt/profile.h"
#include "backends/tensorrt/program.h"

namespace jetfleet::tensorrt {
namespace {

struct Opened {
  std::unique_ptr<Library> library;
  /// Null without a driver, where only TensorRT-RTX is of use; then `no_device` says why.
  std::unique_ptr<cuda::Device> device;
  std::string no_device;
  int dla_cores = 0;
  std::vector<std::string> accelerators = {"gpu"};
  std::vector<const char*> accelerator_names;
};

Opened* Of(JfBackend* backend) { return reinterpret_cast<Opened*>(backend); }
Program* Of(JfProgram* program) { return reinterpret_cast<Program*>(program); }
const Program* Of(const JfProgram* program) { return reinterpret_cast<const Program*>(program); }
Context* Of(JfContext* context) { return reinterpret_cast<Context*>(context); }

/// As `Guard`; a Failure keeps its own code and words.
template <typename Work>
std::int32_t GuardAll(JfError* error, const std::string& doing, Work work) noexcept {
  return Guard(error, JF_INTERNAL, doing, [&]() -> std::int32_t {
    try {
      return work();
    } catch (const Failure& failure) {
      return Fail(error, failure.code(), failure.what());
    }
  });
}

std::int32_t Misuse(JfError* error, const char* what) {
  return Fail(error, JF_INTERNAL, std::string("The TensorRT backend was called with ") + what);
}

bool ReadTensors(const JfTensor* const* from, std::uint32_t count, std::vector<JfTensor>* to) {
  to->resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    JfTensor& tensor = (*to)[i];
    if (!ReadSized(from[i], &tensor)) return false;
    if (tensor.data == nullptr || tensor.rank < 0 || tensor.rank > JF_MAX_RANK) return false;
    if ((tensor.memory & (JF_HOST | JF_PINNED | JF_CUDA)) == 0) return false;
  }
  return true;
}

std::int32_t Describe(const std::vector<Program::Io>& ios, std::uint32_t index, JfIo* io,
                      JfError* error) {
  if (index >= ios.size()) return Misuse(error, "an index beyond inputs or outputs");
  return WriteSized(ios[index].io, io) ? JF_OK : Misuse(error, "a JfIo that is too small");
}

std::int32_t Prepare(JfContext* context, const JfSurface* const* surfaces,
                     const JfRect* const* rects, std::uint32_t count,
                     const JfPreprocess* preprocess, const JfTensor* input, JfError* error) {
  std::vector<JfSurface> pictures(count);
  std::vector<JfRect> places(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!ReadSized(surfaces[i], &pictures[i]) || !ReadSized(rects[i], &places[i])) {
      return Misuse(error, "a surface or rectangle that is too small");
    }
  }
  JfPreprocess how;
  JfTensor to;
  if (!ReadSized(preprocess, &how) || !ReadSized(input, &to)) {
    return Misuse(error, "a JfPreprocess or JfTensor that is too small");
  }
  return GuardAll(error, "Cannot prepare pictures on the GPU", [&]() {
    Of(context)->Prepare(pictures, places, how, to);
    return std::int32_t{JF_OK};
  });
}

constexpr JfContextFunctions kContext = {
    sizeof(JfContextFunctions),
    [](JfContext* context) { delete Of(context); },
    [](JfContext* context, const JfTensor* const* inputs, std::uint32_t input_count,
       const JfTensor* const* outputs, std::uint32_t output_count, std::uint64_t* ticket,
       JfError* error) {
      return GuardAll(error, "The engine does not take the tensors", [&]() {
        thread_local std::vector<JfTensor> in;
        thread_local std::vector<JfTensor> out;
        if (!ReadTensors(inputs, input_count, &in) || !ReadTensors(outputs, output_count, &out)) {
          return Misuse(error, "a tensor that is none, or that lies in no memory of the GPU's");
        }
        *ticket = Of(context)->Submit(in, out);
        return std::int32_t{JF_OK};
      });
    },
    [](JfContext* context, std::uint64_t ticket, JfError* error) {
      return GuardAll(error, "The engine failed while running", [&]() {
        return Of(context)->Wait(ticket) ? std::int32_t{JF_OK} : Misuse(error, "a foreign ticket");
      });
    },
    Prepare,
    [](JfContext* context, const JfFilter* given, JfError* error) {
      JfFilter filter;
      if (given != nullptr && !ReadSized(given, &filter)) {
        return Misuse(error, "a JfFilter that is too small");
      }
      return GuardAll(error, "Cannot filter an output", [&]() {
        Of(context)->SetFilter(given == nullptr ? nullptr : &filter);
        return std::int32_t{JF_OK};
      });
    },
    [](JfContext* context, JfTransfers* to, JfError* error) {
      const cuda::Transfers& counted = Of(context)->transfers();
      JfTransfers transfers = Sized<JfTransfers>();
      transfers.to_device_bytes = counted.to_device;
      transfers.to_host_bytes = counted.to_host;
      transfers.within_device_bytes = counted.within_device;
      return WriteSized(transfers, to) ? JF_OK : Misuse(error, "JfTransfers that are too small");
    },
};

std::int32_t Profile(JfProgram* program, const JfTensor* const* inputs, std::uint32_t input_count,
                     const JfTensor* const* outputs, std::uint32_t output_count, std::uint32_t runs,
                     void* user, void (*layer)(void* user, const JfLayerTime* time),
                     JfError* error) {
  if (runs == 0 || layer == nullptr) return Misuse(error, "nothing to profile");
  return GuardAll(error, "Cannot profile the engine", [&]() {
    std::vector<JfTensor> in;
    std::vector<JfTensor> out;
    if (!ReadTensors(inputs, input_count, &in) || !ReadTensors(outputs, output_count, &out)) {
      return Misuse(error, "a tensor that is none, or that lies in no memory of the GPU's");
    }
    for (const LayerTime& found : ProfileLayers(*Of(program), in, out, runs)) {
      JfLayerTime time = Sized<JfLayerTime>();
      time.name = found.name.c_str();
      time.ms = found.ms;
      layer(user, &time);
    }
    return std::int32_t{JF_OK};
  });
}

constexpr JfProgramFunctions kProgram = {
    sizeof(JfProgramFunctions),
    [](JfProgram* program) { delete Of(program); },
    [](const JfProgram* program) {
      return static_cast<std::uint32_t>(Of(program)->inputs().size());
    },
    [](const JfProgram* program) {
      return static_cast<std::uint32_t>(Of(program)->outputs().size());
    },
    [](const JfProgram* program, std::uint32_t index, JfIo* io, JfError* error) {
      return Describe(Of(program)->inputs(), index, io, error);
    },
    [](const JfProgram* program, std::uint32_t index, JfIo* io, JfError* error) {
      return Describe(Of(program)->outputs(), index, io, error);
    },
    [](JfProgram* program, const JfContextOptions* given, JfContext** context, JfError* error) {
      JfContextOptions options;
      if (!ReadSized(given, &options)) {
        return Misuse(error, "JfContextOptions that are too small");
      }
      const std::string& loaded = Of(program)->accelerator().name;
      if (options.accelerator != nullptr && loaded != options.accelerator) {
        return Fail(error, JF_UNSUPPORTED,
                    "Expected accelerator " + loaded +
                        ", for which the engine was loaded, but got " + options.accelerator +
                        "; load it for that one");
      }
      return GuardAll(error, "Cannot make a context of the engine", [&]() {
        const char* const by = options.preprocessor == nullptr ? "cuda" : options.preprocessor;
        *context =
            reinterpret_cast<JfContext*>(std::make_unique<Context>(Of(program), by).release());
        return std::int32_t{JF_OK};
      });
    },
    [](JfProgram* program, const char** json, JfError* error) {
      if (Of(program)->inspection().empty()) {
        return Fail(error, JF_UNSUPPORTED, "The library has no inspector");
      }
      *json = Of(program)->inspection().c_str();
      return std::int32_t{JF_OK};
    },
    Profile,
};

void FindDevice(Opened* opened) {
  try {
    opened->device = std::make_unique<cuda::Device>();
  } catch (const Failure& failure) {
    if (kNeedsDriverToBuild) throw;
    opened->no_device = failure.what();
  }
}

std::int32_t Open(const JfOpenOptions* given, JfBackend** backend, JfError* error) {
  JfOpenOptions options;
  if (!ReadSized(given, &options)) return Misuse(error, "JfOpenOptions that are too small");
  return GuardAll(error, std::string("Cannot open ") + kVendorName, [&]() {
    auto opened = std::make_unique<Opened>();
    // First of all: TensorRT 8.2 without a driver calls itself until the stack is full.
    FindDevice(opened.get());
    opened->library = Library::Open(options.runtime_path == nullptr ? "" : options.runtime_path);
    if (opened->device != nullptr) {
      opened->device->MakeCurrent();
      opened->dla_cores = opened->library->NewRuntime()->getNbDLACores();
    }
    for (int core = 0; core < opened->dla_cores; ++core) {
      opened->accelerators.push_back("dla" + std::to_string(core));
    }
    for (const std::string& name : opened->accelerators) {
      opened->accelerator_names.push_back(name.c_str());
    }
    *backend = reinterpret_cast<JfBackend*>(opened.release());
    return std::int32_t{JF_OK};
  });
}

std::int32_t Capabilities(JfBackend* backend, JfCapabilities* capabilities, JfError* error) {
  const Opened& opened = *Of(backend);
  JfCapabilities all = Sized<JfCapabilities>();
  all.features = JF_BUILDS | JF_REPORTS_LAYERS;
  if (opened.device == nullptr) all.features |= JF_ONLY_BUILDS;
  if (JF_TRT_PROGRESS) all.features |= JF_CANCELS_AT_ONCE;
  if (opened.device != nullptr && cuda::TakesPictureBuffers(cuda::TheDriver())) {
    all.features |= JF_TAKES_NVMM;
  }
  all.name = kBackendName;
  all.vendor_version = opened.library->version().c_str();
  all.accelerators = opened.accelerator_names.data();
  all.accelerator_count = static_cast<std::uint32_t>(opened.accelerator_names.size());
  all.tickets = Context::kSlots - 1;
  static constexpr const char* kPreprocessors[] = {"cuda", "vic"};
  all.preprocessors = kPreprocessors;
  // The last one needs libraries that only a Jetson has.
  all.preprocessor_count = cuda::HasCompositor() ? 2 : 1;
  if (opened.device == nullptr) {
    all.no_device = opened.no_device.c_str();
  } else {
    all.device_name = opened.device->name().c_str();
    all.compute_capability = static_cast<std::uint32_t>(opened.device->capability());
    all.multiprocessors = static_cast<std::uint32_t>(opened.device->multiprocessors());
  }
  return WriteSized(all, capabilities) ? JF_OK : Misuse(error, "JfCapabilities that are too small");
}

/// Throws Failure with what is missing.
const cuda::Device& DeviceOf(const Opened& opened) {
  if (opened.device == nullptr) throw Failure(JF_LIBRARY, opened.no_device);
  return *opened.device;
}

std::int32_t Load(JfBackend* backend, const JfLoadOptions* given, JfProgram** program,
                  JfError* error) {
  JfLoadOptions options;
  if (!ReadSized(given, &options) || options.path == nullptr) {
    return Misuse(error, "no path of an engine");
  }
  return GuardAll(error, std::string("Cannot load ") + options.path, [&]() {
    const Opened& opened = *Of(backend);
    const SealedEngine file =
        ReadEngine(options.path, options.engine_key, {options.mac_key, options.mac_key_bytes});
    const cuda::Device& device = DeviceOf(opened);
    const Accelerator accelerator =
        AcceleratorOf(options.accelerator, opened.dla_cores, device.name());
    *program = reinterpret_cast<JfProgram*>(
        std::make_unique<Program>(*opened.library, device, accelerator, file.parts.plan.data(),
                                  file.parts.plan.size())
            .release());
    return std::int32_t{JF_OK};
  });
}

std::int32_t BuildEngine(JfBackend* backend, const JfBuildOptions* given,
                         const JfBuildEvents* listener, JfError* error) {
  JfBuildOptions options;
  if (!ReadSized(given, &options) || options.model_path == nullptr ||
      options.engine_path == nullptr) {
    return Misuse(error, "no path of a model or an engine");
  }
  JfBuildEvents events = Sized<JfBuildEvents>();
  if (listener != nullptr && !ReadSized(listener, &events)) {
    return Misuse(error, "JfBuildEvents that are too small");
  }
  return GuardAll(error, std::string("Cannot build an engine of ") + options.model_path, [&]() {
    const Opened& opened = *Of(backend);
    BuildListener to(events);
    Build(*opened.library, opened.device.get(), options, &to);
    return std::int32_t{JF_OK};
  });
}

std::int32_t Allocate(JfBackend* backend, std::int32_t memory, std::uint64_t bytes, void** data,
                      JfError* error) {
  return GuardAll(error, "Cannot allocate memory for tensors", [&]() {
    DeviceOf(*Of(backend)).MakeCurrent();
    const cuda::Driver& driver = cuda::TheDriver();
    cuda::DeviceAddress address = 0;
    switch (memory) {
      case JF_PINNED:
        driver.Check(driver.allocate_host(data, bytes, 0), "allocating pinned memory");
        return std::int32_t{JF_OK};
      case JF_CUDA:
        driver.Check(driver.allocate(&address, bytes), "allocating memory of the GPU");
        *data = reinterpret_cast<void*>(address);
        return std::int32_t{JF_OK};
      default:
        return Fail(error, JF_UNSUPPORTED, "Expected pinned or CUDA memory to allocate");
    }
  });
}

void Release(JfBackend* backend, std::int32_t memory, void* data) {
  const auto code = GuardAll(nullptr, "", [&]() {
    DeviceOf(*Of(backend)).MakeCurrent();
    const cuda::Driver& driver = cuda::TheDriver();
    if (memory == JF_PINNED) return std::int32_t{driver.release_host(data)};
    return std::int32_t{driver.release(reinterpret_cast<cuda::DeviceAddress>(data))};
  });
  static_cast<void>(code);  // a device that is lost gives back all that it had
}

std::int32_t CompileKernels(JfBackend* backend, const char* folder,
                            std::uint32_t compute_capability, JfError* error) {
  if (folder == nullptr || *folder == '\0') return Misuse(error, "no folder for kernels");
  return GuardAll(error, "Cannot compile kernels for the GPU", [&]() {
    const int capability = compute_capability == 0 ? DeviceOf(*Of(backend)).capability()
                                                   : static_cast<int>(compute_capability);
    const cuda::KernelCache kernels(folder);
    kernels.Compile(cuda::PrepareSource(), capability);
    kernels.Compile(cuda::CandidatesSource(), capability);
    return std::int32_t{JF_OK};
  });
}

constexpr JfBackendFunctions kBackend = {
    sizeof(JfBackendFunctions),
    JF_ABI_VERSION,
    &kProgram,
    &kContext,
    Open,
    Capabilities,
    Load,
    BuildEngine,
    Allocate,
    Release,
    CompileKernels,
};

}  // namespace
}  // namespace jetfleet::tensorrt

extern "C" __attribute__((visibility("default"))) const JfBackendFunctions* jetfleet_backend(
    std::uint32_t abi_version, JfError* error) {
  if (abi_version == JF_ABI_VERSION) return &jetfleet::tensorrt::kBackend;
  jetfleet::Fail(error, JF_LIBRARY,
                 "Expected ABI version " + std::to_string(JF_ABI_VERSION) + " but got " +
                     std::to_string(abi_version) + " while opening the TensorRT backend");
  return nullptr;
}
