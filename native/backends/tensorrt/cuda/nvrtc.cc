#include "backends/tensorrt/cuda/nvrtc.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "backends/dl_error.h"

namespace jetfleet::cuda {
namespace {

/// nvrtcResult, of the vendor's documentation.
constexpr int kNvrtcSuccess = 0;
constexpr int kNvrtcInvalidOption = 5;

/// Newest first; the plain name belongs to a development package.
constexpr const char* kNames[] = {"libnvrtc.so.13",   "libnvrtc.so.12",   "libnvrtc.so.11.2",
                                  "libnvrtc.so.11.1", "libnvrtc.so.11.0", "libnvrtc.so.10.2",
                                  "libnvrtc.so"};
constexpr const char* kInstall =
    ": install NVRTC (on a Jetson the package cuda-nvrtc-<version> of its CUDA; elsewhere that of "
    "the CUDA toolkit or the PyPI wheel nvidia-cuda-nvrtc-cu12), or name the library in "
    "JETFLEET_NVRTC";
using Program = void*;

}  // namespace

struct Nvrtc::Functions {
  int (*version)(int*, int*);
  int (*create)(Program*, const char*, const char*, int, const char* const*, const char* const*);
  int (*destroy)(Program*);
  int (*compile)(Program, int, const char* const*);
  int (*log_size)(Program, std::size_t*);
  int (*log)(Program, char*);
  int (*ptx_size)(Program, std::size_t*);
  int (*ptx)(Program, char*);
  const char* (*error)(int);
  /// Null before 11.1.
  int (*cubin_size)(Program, std::size_t*);
  int (*cubin)(Program, char*);
};

const Nvrtc& Nvrtc::Get() {
  static const Nvrtc& nvrtc = []() -> const Nvrtc& {
    // Nothing of ours changes the environment.
    const char* const named = std::getenv("JETFLEET_NVRTC");  // NOLINT(concurrency-mt-unsafe)
    if (named != nullptr && *named != '\0') return *new Nvrtc(named);
    for (const char* name : kNames) {
      void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
      if (library != nullptr) return *new Nvrtc(name);
    }
    throw Failure(JF_LIBRARY, std::string("Cannot open NVRTC: there is no ") + kNames[0] +
                                  " and no older one on the loader's path" + kInstall);
  }();
  return nvrtc;
}

Nvrtc::Nvrtc(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Failure(JF_LIBRARY, "Cannot open NVRTC: " + DlError() + kInstall);
  }
  const auto found = std::make_shared<Functions>();
  const auto optional = [&](auto* function, const char* symbol) {
    *function =
        reinterpret_cast<std::remove_reference_t<decltype(*function)>>(dlsym(library, symbol));
    return *function != nullptr;
  };
  const bool whole =
      optional(&found->version, "nvrtcVersion") && optional(&found->create, "nvrtcCreateProgram") &&
      optional(&found->destroy, "nvrtcDestroyProgram") &&
      optional(&found->compile, "nvrtcCompileProgram") &&
      optional(&found->log_size, "nvrtcGetProgramLogSize") &&
      optional(&found->log, "nvrtcGetProgramLog") &&
      optional(&found->ptx_size, "nvrtcGetPTXSize") && optional(&found->ptx, "nvrtcGetPTX") &&
      optional(&found->error, "nvrtcGetErrorString");
  if (!whole) throw Failure(JF_LIBRARY, path + " is not NVRTC" + kInstall);
  optional(&found->cubin_size, "nvrtcGetCUBINSize");
  optional(&found->cubin, "nvrtcGetCUBIN");
  functions_ = found;
}

std::string Nvrtc::version() const {
  int major = 0;
  int minor = 0;
  functions().version(&major, &minor);
  return std::to_string(major) + "." + std::to_string(minor);
}

KernelBinary Nvrtc::Compile(const std::string& name, const std::string& source,
                            int capability) const {
  const Functions& nvrtc = functions();
  Program program = nullptr;
  const int made = nvrtc.create(&program, source.c_str(), name.c_str(), 0, nullptr, nullptr);
  if (made != kNvrtcSuccess) {
    throw Failure(JF_INTERNAL, std::string("NVRTC does not begin: ") + nvrtc.error(made));
  }
  const auto destroy = [&nvrtc](Program* held) { nvrtc.destroy(held); };
  const std::unique_ptr<Program, decltype(destroy)> owner(&program, destroy);

  const bool machine_code = nvrtc.cubin != nullptr && nvrtc.cubin_size != nullptr;
  const std::string target = std::string("--gpu-architecture=") +
                             (machine_code ? "sm_" : "compute_") + std::to_string(capability);
  // Products and sums stay apart, as in the same source compiled for the processor.
  const std::array<const char*, 3> options = {target.c_str(), "--std=c++14", "--fmad=false"};
  const int compiled = nvrtc.compile(program, static_cast<int>(options.size()), options.data());
  if (compiled == kNvrtcInvalidOption) {
    throw Failure(JF_LIBRARY, "NVRTC " + version() + " knows no GPU of compute capability " +
                                  std::to_string(capability / 10) + "." +
                                  std::to_string(capability % 10) +
                                  ": 12.9 is the last one for 5.3, 6.2 and 7.2" + kInstall);
  }
  if (compiled != kNvrtcSuccess) {
    std::size_t size = 0;
    nvrtc.log_size(program, &size);
    std::string log(size, '\0');
    if (size > 0) nvrtc.log(program, log.data());
    // Without the NUL at its end.
    log.resize(log.find_last_not_of('\0') + 1);
    throw Failure(JF_INTERNAL, "NVRTC " + version() + " cannot compile " + name + " (" +
                                   nvrtc.error(compiled) + "): " + log);
  }
  std::size_t size = 0;
  if (machine_code) {
    nvrtc.cubin_size(program, &size);
  } else {
    nvrtc.ptx_size(program, &size);
  }
  KernelBinary binary(size);
  const int read =
      machine_code ? nvrtc.cubin(program, binary.data()) : nvrtc.ptx(program, binary.data());
  if (read != kNvrtcSuccess || size == 0) {
    throw Failure(JF_INTERNAL, std::string("NVRTC keeps its result: ") + nvrtc.error(read));
  }
  return binary;
}

}  // namespace jetfleet::cuda
