#pragma once

#include <dlfcn.h>

#include <string>

namespace jetfleet {

/// Why the last dlopen or dlsym of this thread failed.
inline std::string DlError() {
  // The answer is per thread in glibc.
  const char* error = dlerror();  // NOLINT(concurrency-mt-unsafe)
  return error == nullptr ? "unknown error" : error;
}

}  // namespace jetfleet
