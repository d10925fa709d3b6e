#include "core/prepare/scaled_frame.h"

#include <algorithm>
#include <cstddef>

namespace jetfleet {

ScaledFrame::ScaledFrame(const ScaledPicture& scaled, const Placement& place)
    : picture(scaled), placement(place) {
  std::size_t total = 0;
  for (std::size_t plane = 0; plane < kMaxPlanes; ++plane) total += PlaneBytes(scaled, plane);
  samples.resize(total);
  std::uint8_t* to = samples.data();
  for (std::size_t plane = 0; plane < kMaxPlanes; ++plane) {
    const std::size_t bytes = PlaneBytes(scaled, plane);
    if (bytes == 0) continue;
    std::copy_n(scaled.planes[plane], bytes, to);
    picture.planes[plane] = to;
    to += bytes;
  }
}

}  // namespace jetfleet
