#include "backends/onnxruntime/ort_library.h"

#include <dlfcn.h>

#include <mutex>

#include "backends/dl_error.h"
#include "backends/guard.h"

namespace jetfleet {
namespace {

/// ONNX Runtime 1.17: the newest with builds for glibc 2.27 (JetPack 4) that have all we call.
constexpr std::uint32_t kApiVersion = 17;

struct Opened {
  std::mutex mutex;
  std::string path;
  std::string version;
};

/// Never destroyed: sessions may outlive static destructors when the process exits in a hurry.
Opened& TheLibrary() {
  static auto& opened = *new Opened;
  return opened;
}

}  // namespace

std::int32_t OpenOrt(const char* path, JfError* error) {
  Opened& opened = TheLibrary();
  const std::lock_guard<std::mutex> lock(opened.mutex);
  if (opened.path == path) return JF_OK;
  if (!opened.path.empty()) {
    return Fail(error, JF_LIBRARY,
                "Expected the ONNX Runtime already open (" + opened.path + ") but got " + path);
  }
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Fail(error, JF_LIBRARY, "Cannot open ONNX Runtime: " + DlError());
  }
  using GetApiBase = const OrtApiBase* (*)();
  // POSIX guarantees that a data pointer from dlsym can be called.
  const auto get_base = reinterpret_cast<GetApiBase>(dlsym(library, "OrtGetApiBase"));
  if (get_base == nullptr) {
    return Fail(error, JF_LIBRARY, std::string(path) + " is not an ONNX Runtime library");
  }
  const OrtApi* api = get_base()->GetApi(kApiVersion);
  if (api == nullptr) {
    return Fail(error, JF_LIBRARY,
                std::string("Expected ONNX Runtime 1.17 or newer but got ") +
                    get_base()->GetVersionString() + " at " + path);
  }
  Ort::InitApi(api);
  opened.path = path;
  opened.version = get_base()->GetVersionString();
  return JF_OK;
}

const std::string& OrtVersion() { return TheLibrary().version; }

Ort::SessionOptions SessionSettings(std::uint32_t threads) {
  Ort::SessionOptions settings;
  // 0 is ONNX Runtime's own word for "as it likes".
  settings.SetIntraOpNumThreads(static_cast<int>(threads));
  settings.SetInterOpNumThreads(1);
  settings.SetExecutionMode(ORT_SEQUENTIAL);
  settings.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  // Spinning worker threads starve the decoder on small machines.
  settings.AddConfigEntry("session.intra_op.allow_spinning", "0");
  settings.AddConfigEntry("session.inter_op.allow_spinning", "0");
  return settings;
}

}  // namespace jetfleet
