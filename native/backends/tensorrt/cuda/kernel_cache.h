#pragma once

#include <string>

#include "backends/tensorrt/cuda/nvrtc.h"

namespace jetfleet::cuda {

/// One source of kernels.
struct KernelSource {
  const char* name;
  const char* text;
};

/// Kernels compiled once for each source and GPU, kept in a folder. A file bears the whole key
/// (source and compute capability) and a checksum, so one that is foreign, cut off or altered is
/// compiled again. NVRTC's version is not in the key: machine code made elsewhere for this GPU
/// serves as well, and then no NVRTC is needed.
class KernelCache {
 public:
  /// An empty folder name: nothing is kept. The folder is made when the first kernel is kept.
  explicit KernelCache(std::string folder) : folder_(std::move(folder)) {}

  /// Throws what `Nvrtc` throws. That nothing can be kept (no space, no right) is no failure: it is
  /// compiled anew next time.
  KernelBinary Get(const KernelSource& source, int capability) const;
  /// Where that kernel is kept.
  std::string PathOf(const KernelSource& source, int capability) const;

 private:
  std::string folder_;
};

/// In $JETFLEET_KERNELS, else in the user's cache folder.
const KernelCache& TheKernelCache();

}  // namespace jetfleet::cuda
