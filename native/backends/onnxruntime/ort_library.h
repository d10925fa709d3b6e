#pragma once

#include <string>

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

#include "backends/sized.h"

namespace jetfleet {

/// Opens ONNX Runtime at a path, once per process: its C++ wrapper keeps one table of functions, so
/// a second library would take over the sessions of the first. JF_LIBRARY otherwise.
std::int32_t OpenOrt(const char* path, JfError* error);

/// As the library tells it; empty before `OpenOrt`.
const std::string& OrtVersion();

/// What every session runs with.
Ort::SessionOptions SessionSettings(std::uint32_t threads);

}  // namespace jetfleet
