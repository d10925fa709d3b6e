#pragma once

#include <string>

#include "core/infer/backend.h"

namespace jetfleet {

/// Opens a backend's shared object and with it the vendor's library. A pair of paths is opened once
/// per process and stays open.
Status OpenBackend(const std::string& backend_path, const std::string& runtime_path,
                   Backend** backend);

}  // namespace jetfleet
