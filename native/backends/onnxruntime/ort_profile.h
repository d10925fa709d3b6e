#pragma once

#include <cstdint>
#include <string>

#include "backends/onnxruntime/ort_library.h"

namespace jetfleet {

/// What each node of a model took in some runs on zeros, as ONNX Runtime's own trace in JSON: a
/// session of its own, for profiling slows a session down. Throws Ort::Exception.
std::string ProfileOf(Ort::Env& env, const std::string& model_path, std::uint32_t threads);

}  // namespace jetfleet
