#pragma once

#include <string>

#include "backends/backend.h"

namespace jetfleet {

/// Opens a backend's shared object and with it the vendor's library. A pair of paths is opened once
/// per process and stays open: vendors' libraries do not survive being unloaded while threads of
/// theirs run.
Status OpenBackend(const std::string& backend_path, const std::string& runtime_path,
                   Backend** backend);

}  // namespace jetfleet
