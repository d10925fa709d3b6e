// The last step of a frame: sensor noise and the output format.
#pragma once

#include <cstdint>
#include <vector>

#include "canvas.h"

namespace jetfleet::scene {

/// Noise of eight strengths, laid out so that a row can start anywhere in it.
class NoiseTable {
 public:
  NoiseTable();
  /// Adds noise to the three planes alike; it differs from frame to frame and from row to row.
  void Apply(uint64_t frame_key, float deviation, Picture& picture) const;

 private:
  std::vector<int8_t> values_[8];
};

void ToRgb(const Picture& picture, uint8_t* rgb);
void ToI420(const Picture& picture, uint8_t* y, int y_stride, uint8_t* u, int u_stride, uint8_t* v,
            int v_stride);

}  // namespace jetfleet::scene
