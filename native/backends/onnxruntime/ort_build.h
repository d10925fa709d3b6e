#pragma once

#include "backends/onnxruntime/ort_library.h"

namespace jetfleet {

/// ONNX Runtime's "engine": the graph as it is optimised for this processor, so that loading it
/// again is quick. It cannot be interrupted, only thrown away. Throws what ONNX Runtime throws.
std::int32_t BuildOptimised(Ort::Env& env, const JfBuildOptions& options,
                            const JfBuildEvents& events, JfError* error);

}  // namespace jetfleet
