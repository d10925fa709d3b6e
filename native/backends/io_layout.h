#pragma once

#include <cstdint>

#include "backends/backend_abi.h"

namespace jetfleet {

/// Libraries do not say how pictures lie: four dimensions with one or three channels in the second
/// or the last place are one.
inline JfLayout LayoutOf(std::int32_t rank, const std::int64_t* dims) {
  const auto is_channels = [](std::int64_t dim) { return dim == 3 || dim == 1; };
  if (rank != 4) return JF_PLAIN;
  if (is_channels(dims[1])) return JF_NCHW;
  return is_channels(dims[3]) ? JF_NHWC : JF_PLAIN;
}

}  // namespace jetfleet
