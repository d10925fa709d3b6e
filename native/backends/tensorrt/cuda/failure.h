#pragma once

#include <stdexcept>
#include <string>

#include "backends/backend_abi.h"

namespace jetfleet {

/// What went wrong inside the backend. Thrown within it only; the tables of backend_abi.h turn it
/// into a JfError.
class Failure : public std::runtime_error {
 public:
  Failure(JfCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  JfCode code() const { return code_; }

 private:
  JfCode code_;
};

}  // namespace jetfleet
