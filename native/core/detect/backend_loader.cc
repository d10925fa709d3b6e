#include "core/detect/backend_loader.h"

#include <dlfcn.h>

#include <map>
#include <mutex>
#include <utility>

namespace jetfleet {
namespace {

std::string DlError() {
  // The answer is per thread in glibc.
  const char* error = dlerror();  // NOLINT(concurrency-mt-unsafe)
  return error == nullptr ? "unknown error" : error;
}

Status Create(const std::string& backend_path, const std::string& runtime_path, Backend** backend) {
  void* library = dlopen(backend_path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Status::Error(ErrorCode::kNativeLoad, "Cannot open the inference backend: " + DlError());
  }
  // POSIX guarantees that a data pointer from dlsym can be called.
  const auto create = reinterpret_cast<CreateBackendFn>(dlsym(library, kCreateBackendSymbol));
  if (create == nullptr) {
    return Status::Error(ErrorCode::kNativeLoad, backend_path + " is not a jetfleet backend");
  }
  Status error;
  *backend = create(kBackendVersion, runtime_path.c_str(), &error);
  return error;
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
  const Status status = Create(backend_path, runtime_path, backend);
  if (status.ok()) opened.emplace(key, *backend);
  return status;
}

}  // namespace jetfleet
