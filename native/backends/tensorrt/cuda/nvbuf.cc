#include "backends/tensorrt/cuda/nvbuf.h"

#include <dlfcn.h>

namespace jetfleet::cuda::nvbuf {

void* OpenLibrary(const std::string& folder, const char* name) {
  const std::string path = folder.empty() ? name : folder + "/" + name;
  return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

bool FindSymbol(void* library, const char* symbol, void** function) {
  *function = dlsym(library, symbol);
  return *function != nullptr;
}

}  // namespace jetfleet::cuda::nvbuf
