#pragma once

#include <atomic>
#include <string>

#include "backends/sized.h"

namespace jetfleet::tensorrt {

/// Who listens to a build. Calls nobody that is not there.
class BuildListener {
 public:
  explicit BuildListener(const JfBuildEvents& events) : events_(events) {}

  /// Never goes back, whatever is told.
  void Progress(double share, const std::string& step);
  void Layer(const std::string& name, const std::string& type, const std::string& accelerator,
             const std::string& reason);
  void Problem(JfSeverity severity, const std::string& node, const std::string& op,
               const std::string& message);

  /// Stays true once it was.
  bool Cancelled();
  /// Throws Failure JF_CANCELLED.
  void ThrowIfCancelled();

 private:
  const JfBuildEvents events_;
  double share_ = 0;
  std::atomic<bool> cancelled_{false};
};

}  // namespace jetfleet::tensorrt
