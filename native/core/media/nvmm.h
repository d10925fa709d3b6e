#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

#include "core/memory/nvbuf.h"

namespace jetfleet {

/// Pictures of a Jetson's decoder that stay in its memory (caps memory:NVMM). NOT YET RUN ON A
/// BOARD; written to the vendor's documentation, and tested with doubles of decoder and libraries.
class NvmmPictures {
 public:
  /// With the library by which the machine's decoder names its pictures: NvBufSurface (JetPack 5
  /// and up), else NvBuffer (JetPack 4). Null when it has neither. `folder`: where to look; empty:
  /// where the loader does.
  static std::shared_ptr<const NvmmPictures> Open(const std::string& folder = "");

  /// The DMA-BUF of a decoded picture, which the buffer owns; -1 when it lies in none.
  int FdOf(GstBuffer* buffer) const;

 private:
  explicit NvmmPictures(nvbuf::ExtractFd* extract) : extract_(extract) {}

  /// Null: a mapped picture is an NvBufSurface.
  nvbuf::ExtractFd* const extract_;
};

}  // namespace jetfleet
