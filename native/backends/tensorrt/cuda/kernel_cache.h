#pragma once

#include <string>
#include <utility>

#include "backends/tensorrt/cuda/nvrtc.h"

namespace jetfleet::cuda {

/// One source of kernels.
struct KernelSource {
  const char* name;
  const char* text;
};

/// Kernels compiled once for each source and GPU, kept in a folder. A file bears the whole key
/// (source and compute capability), NVRTC's version and a checksum; one that is foreign, cut off or
/// altered is said on standard error and compiled again. NVRTC's version is not in the key: machine
/// code made elsewhere for this GPU serves as well, and then no NVRTC is needed.
class KernelCache {
 public:
  /// What is compiled is kept in `folder`, which is made for the first; empty: nothing is kept.
  /// `given` is looked into first and never written to; empty: there is none.
  explicit KernelCache(std::string folder, std::string given = "")
      : folder_(std::move(folder)), given_(std::move(given)) {}

  /// Throws what `Nvrtc` throws. That nothing can be kept (no space, no right) is no failure: it is
  /// compiled anew next time.
  KernelBinary Get(const KernelSource& source, int capability) const;
  /// Compiles it into the folder, which is there, whatever lies in it. Throws what `Nvrtc` throws,
  /// and JF_INTERNAL when it cannot be written.
  void Compile(const KernelSource& source, int capability) const;
  /// Where that kernel is kept.
  std::string PathOf(const KernelSource& source, int capability) const;

 private:
  std::string folder_;
  std::string given_;
};

/// Given those in $JETFLEET_KERNELS, keeping in the user's cache folder.
const KernelCache& TheKernelCache();

}  // namespace jetfleet::cuda
