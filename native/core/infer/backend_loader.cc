#include "core/infer/backend_loader.h"

#include <dlfcn.h>

#include <map>
#include <mutex>
#include <utility>

#include "backends/dl_error.h"
#include "core/infer/abi.h"

namespace jetfleet {
namespace {

Status Create(const std::string& backend_path, const std::string& runtime_path,
              std::unique_ptr<Backend>* backend) {
  void* library = dlopen(backend_path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Status::Error(ErrorCode::kNativeLoad, "Cannot open the inference backend: " + DlError());
  }
  // POSIX guarantees that a data pointer from dlsym can be called.
  const auto entry = reinterpret_cast<JfBackendEntry>(dlsym(library, JF_BACKEND_SYMBOL));
  if (entry == nullptr) {
    return Status::Error(ErrorCode::kNativeLoad, backend_path + " is not a jetfleet backend");
  }
  JfError error = Sized<JfError>();
  const JfBackendFunctions* functions = entry(JF_ABI_VERSION, &error);
  if (functions == nullptr) return StatusOf(JF_LIBRARY, error);
  return Backend::Open(functions, runtime_path, backend);
}

}  // namespace

Status OpenBackend(const std::string& backend_path, const std::string& runtime_path,
                   Backend** backend) {
  static std::mutex mutex;
  // Never destroyed: sessions may outlive static destructors when the process exits in a hurry.
  static auto& opened = *new std::map<std::pair<std::string, std::string>, Backend*>;
  std::lock_guard<std::mutex> lock(mutex);
  const auto key = std::make_pair(backend_path, runtime_path);
  const auto found = opened.find(key);
  if (found != opened.end()) {
    *backend = found->second;
    return Status::Ok();
  }
  std::unique_ptr<Backend> made;
  Status status = Create(backend_path, runtime_path, &made);
  if (!status.ok()) return status;
  *backend = made.release();
  opened.emplace(key, *backend);
  return status;
}

}  // namespace jetfleet
