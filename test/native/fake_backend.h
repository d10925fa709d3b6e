#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "core/infer/model_program.h"

namespace jetfleet {

/// A backend behind the C ABI, in this process, whose model always says the same: one object of 32
/// × 32 input pixels at the top left, of the last label.
struct FakeDevice {
  /// Of one run.
  std::chrono::milliseconds delay{0};
  /// The run, from 0, that fails.
  int fail_at = -1;
  std::int64_t labels = 1;
  /// Input [batch,3,64,64]; -1: open.
  std::int64_t batch = 1;
  /// 1: works in `wait`. More: works by itself from `submit` on, one run after the other.
  std::uint32_t tickets = 1;
  /// Prepares pictures by itself, and remembers what it was told of them.
  bool prepares = false;

  /// Looks at what a run is given. Set before runs begin.
  std::function<void(const JfTensor&)> look;

  std::atomic<int> runs{0};
  std::atomic<int> in_flight{0};
  std::atomic<int> most_in_flight{0};
  std::atomic<int> programs{0};
  std::atomic<int> contexts{0};
  std::vector<JfSurface> surfaces;
  std::vector<JfRect> rects;
};

const JfBackendFunctions& FakeFunctions();

/// The device is used until the process ends.
std::unique_ptr<Backend> OpenFake(const std::shared_ptr<FakeDevice>& device);

std::shared_ptr<ModelProgram> FakeModelOn(const std::shared_ptr<FakeDevice>& device,
                                          const ModelTag& tag = {"fake", {"object"}});
std::shared_ptr<ModelProgram> FakeModel(std::chrono::milliseconds delay = {}, int fail_at = -1,
                                        const ModelTag& tag = {"fake", {"object"}});

}  // namespace jetfleet
