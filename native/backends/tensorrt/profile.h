#pragma once

#include <string>
#include <vector>

#include "backends/tensorrt/program.h"

namespace jetfleet::tensorrt {

struct LayerTime {
  std::string name;
  /// Of one run, in the mean.
  double ms = 0;
};

/// What each layer takes by the library's own profiler, in the order in which they run, in `runs`
/// runs on these tensors in an execution context of its own. That works layer by layer and without
/// CUDA graphs, so that the sum is more than a run takes at work. Throws Failure.
std::vector<LayerTime> ProfileLayers(const Program& program, const std::vector<JfTensor>& inputs,
                                     const std::vector<JfTensor>& outputs, std::uint32_t runs);

}  // namespace jetfleet::tensorrt
