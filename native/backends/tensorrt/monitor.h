#pragma once

#include "backends/tensorrt/generation.h"

#if JF_TRT_PROGRESS

#include <map>
#include <mutex>
#include <string>

#include "backends/tensorrt/build_events.h"

namespace jetfleet::tensorrt {

/// Follows the builder's phases, which nest, and tells it to stop. The builder calls it from
/// threads of its own.
class Monitor final : public nvinfer1::IProgressMonitor {
 public:
  /// What the builder does is the part of the whole build between `from` and `to`.
  Monitor(BuildListener* listener, double from, double to)
      : listener_(listener), from_(from), to_(to) {}

  void phaseStart(const char* phase, const char* parent, std::int32_t steps) noexcept override;
  bool stepComplete(const char* phase, std::int32_t step) noexcept override;
  void phaseFinish(const char* phase) noexcept override;

 private:
  struct Phase {
    std::string parent;
    std::int32_t steps = 1;
    std::int32_t done = 0;
  };
  void Tell(const std::string& phase);

  BuildListener* const listener_;
  const double from_;
  const double to_;
  std::mutex mutex_;
  std::map<std::string, Phase> phases_;
};

}  // namespace jetfleet::tensorrt

#endif  // JF_TRT_PROGRESS
