#include "backends/tensorrt/cuda/driver.h"

#include <dlfcn.h>

#include "backends/dl_error.h"

namespace jetfleet::cuda {
namespace {

/// On boards as well: L4T's packages link it into a folder of the loader's path.
constexpr const char* kDriverLibrary = "libcuda.so.1";
constexpr const char* kInstall =
    ": install the NVIDIA driver (on a Jetson the package nvidia-l4t-cuda; elsewhere the driver "
    "package of the distribution, which brings libcuda.so.1)";
/// CUDA 10.2, of JetPack 4.6.
constexpr int kOldestVersion = 10020;

std::string VersionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

std::string Driver::Explain(Result result) const {
  const char* name = nullptr;
  const char* text = nullptr;
  if (error_name == nullptr || error_name(result, &name) != kSuccess || name == nullptr) {
    return "CUDA error " + std::to_string(result);
  }
  const bool told = error_string(result, &text) == kSuccess && text != nullptr;
  return std::string(name) + (told ? std::string(" (") + text + ")" : "");
}

void Driver::Check(Result result, const char* doing) const {
  if (result == kSuccess) return;
  throw Failure(result == kErrorOutOfMemory ? JF_OUT_OF_MEMORY : JF_INTERNAL,
                "The CUDA driver answered " + Explain(result) + " while " + doing);
}

Driver LoadDriver(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Failure(JF_LIBRARY, "Cannot open the CUDA driver: " + DlError() + kInstall);
  }
  Driver driver;
  const auto required = [&](const char* symbol) {
    void* const found = dlsym(library, symbol);
    if (found == nullptr) {
      throw Failure(JF_LIBRARY, "Expected " + path +
                                    " to be a CUDA driver of 10.2 or newer but it has no " +
                                    symbol + kInstall);
    }
    return found;
  };
#define JETFLEET_LOAD(name, symbol, ...) \
  driver.name = reinterpret_cast<FunctionPointer<__VA_ARGS__>::Type>(required(symbol));
#define JETFLEET_LOAD_IF_THERE(name, symbol, ...) \
  driver.name = reinterpret_cast<FunctionPointer<__VA_ARGS__>::Type>(dlsym(library, symbol));
  JETFLEET_CUDA_FUNCTIONS(JETFLEET_LOAD)
  JETFLEET_CUDA_EGL_FUNCTIONS(JETFLEET_LOAD_IF_THERE)
#undef JETFLEET_LOAD
#undef JETFLEET_LOAD_IF_THERE
  driver.Check(driver.driver_version(&driver.version), "asking for the driver's version");
  if (driver.version < kOldestVersion) {
    throw Failure(JF_LIBRARY, "Expected a driver of CUDA " + VersionText(kOldestVersion) +
                                  " or newer but got one of " + VersionText(driver.version) +
                                  kInstall);
  }
  return driver;
}

const Driver& TheDriver() {
  // A failure is tried again by the next caller: a driver may be installed meanwhile. Never
  // destroyed: owners of memory may outlive static destructors.
  static const Driver& driver = [&]() -> const Driver& {
    Driver loaded = LoadDriver(kDriverLibrary);
    const Result result = loaded.init(0);
    int count = 0;
    if (result == kErrorNoDevice ||
        (result == kSuccess && loaded.device_count(&count) == kSuccess && count == 0)) {
      throw Failure(JF_UNSUPPORTED, "Expected a GPU but the CUDA driver sees none");
    }
    if (result != kSuccess) {
      throw Failure(JF_LIBRARY, "The CUDA driver does not start: " + loaded.Explain(result) +
                                    ". Look whether nvidia-smi works and whether this user may "
                                    "open /dev/nvidia* (on a Jetson /dev/nvhost*, group video)");
    }
    return *new Driver(loaded);
  }();
  return driver;
}

}  // namespace jetfleet::cuda
