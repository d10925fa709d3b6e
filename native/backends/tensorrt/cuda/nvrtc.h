#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/tensorrt/cuda/failure.h"

/// NVRTC, the vendor's compiler of kernels at run time, found by dlopen: boards have it as a
/// library of CUDA, and no nvcc is needed on them.
namespace jetfleet::cuda {

/// What a GPU runs: machine code (a cubin), or PTX where NVRTC is older than 11.1 (JetPack 4),
/// which the driver translates.
using KernelBinary = std::vector<char>;

class Nvrtc {
 public:
  /// JETFLEET_NVRTC names the library; else it is looked for by the names that CUDA 10.2 to 13 give
  /// it. JF_LIBRARY, with what to install, when there is none.
  static const Nvrtc& Get();
  /// Opens one library; for tests.
  explicit Nvrtc(const std::string& path);

  /// `capability` as in 72 for 7.2. JF_LIBRARY when this NVRTC does not know that GPU (12.9 is the
  /// last for 5.3, 6.2 and 7.2), JF_INTERNAL with the compiler's own words when the source is
  /// wrong.
  KernelBinary Compile(const std::string& name, const std::string& source, int capability) const;

  /// "12.9".
  std::string version() const;

 private:
  struct Functions;
  const Functions& functions() const { return *functions_; }
  /// Of a library that stays open.
  std::shared_ptr<const Functions> functions_;
};

}  // namespace jetfleet::cuda
