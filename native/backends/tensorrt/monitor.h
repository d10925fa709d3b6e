#pragma once

#include "backends/tensorrt/generation.h"

#if JF_TRT_PROGRESS

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "backends/tensorrt/build_events.h"

namespace jetfleet::tensorrt {

/// Follows the builder's phases, which nest, and tells it to stop. The builder calls it from
/// threads of its own.
class Monitor final : public nvinfer1::IProgressMonitor {
 public:
  /// What the builder does is the part of the whole build between `from` and `to`.
  /// `save` is called between two steps every now and then: what a power cut must not take.
  Monitor(BuildListener* listener, double from, double to, std::function<void()> save)
      : listener_(listener), from_(from), to_(to), save_(std::move(save)) {}

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
  const std::function<void()> save_;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::map<std::string, Phase> phases_;
};

}  // namespace jetfleet::tensorrt

#endif  // JF_TRT_PROGRESS
