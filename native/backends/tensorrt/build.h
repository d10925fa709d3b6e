#pragma once

#include "backends/tensorrt/build_events.h"
#include "backends/tensorrt/cuda/owners.h"
#include "backends/tensorrt/library.h"

namespace jetfleet::tensorrt {

/// Makes an engine of an ONNX file. `device` is null on a machine without a driver, where only
/// TensorRT-RTX builds, for the GPU that it is told. Throws Failure; what was at the engine's path
/// stays until the new one is whole.
void Build(const Library& library, const cuda::Device* device, const JfBuildOptions& options,
           BuildListener* listener);

}  // namespace jetfleet::tensorrt
