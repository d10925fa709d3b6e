#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/infer/model_program.h"

namespace jetfleet {

/// A backend behind the C ABI, in this process, whose model always says the same: one object of 32
/// × 32 input pixels at the top left, of the last label.
struct FakeDevice {
  /// Of one run.
  std::chrono::milliseconds delay{0};
  /// The same of some accelerators by their names.
  std::map<std::string, std::chrono::milliseconds> delays;
  /// The run, from 0, that fails.
  int fail_at = -1;
  /// … and as what.
  JfCode fail_as = JF_INTERNAL;
  std::atomic<std::int64_t> labels{1};
  /// Input [batch,3,64,64]; -1: open.
  std::int64_t batch = 1;
  /// 1: works in `wait`. More: works by itself from `submit` on, one run after the other.
  std::uint32_t tickets = 1;
  /// Prepares pictures by itself, by "cuda" or "vic", and remembers what it was told of them.
  bool prepares = false;
  /// … from where a Jetson's decoder leaves them.
  bool takes_nvmm = false;
  /// Looks at a picture that it is to prepare.
  std::function<void(const JfSurface&)> look_at;
  /// Picks candidates out by itself, and gives them from the last to the first.
  bool filters = false;
  /// Candidates that it says there were, if not 0.
  std::uint32_t counted = 0;
  /// Writes one item's cells, [84, 5 + labels]; by default those of the one object.
  std::function<void(float* cells)> answer;

  /// Models that there is memory for, of all devices that share it. None: as many as there are.
  std::shared_ptr<std::atomic<int>> room;

  /// Looks at what a run is given. Set before runs begin.
  std::function<void(const JfTensor&)> look;

  std::atomic<int> runs{0};
  std::atomic<int> in_flight{0};
  std::atomic<int> most_in_flight{0};
  std::atomic<int> programs{0};
  std::atomic<int> contexts{0};
  /// Runs that brought candidates.
  std::atomic<int> filtered_runs{0};
  std::mutex mutex;
  /// By accelerator.
  std::map<std::string, int> runs_on;
  /// As the last context was asked for.
  std::string preprocessor;
  std::vector<JfSurface> surfaces;
  std::vector<JfRect> rects;
};

const JfBackendFunctions& FakeFunctions();

/// The device is used until the process ends.
std::unique_ptr<Backend> OpenFake(const std::shared_ptr<FakeDevice>& device);

/// As `FakeModelOn`, for devices that may refuse.
Status LoadFakeModel(const std::shared_ptr<FakeDevice>& device, const ModelTag& tag,
                     const std::vector<LaneOptions>& lanes, std::shared_ptr<ModelProgram>* model);
std::shared_ptr<ModelProgram> FakeModelOn(const std::shared_ptr<FakeDevice>& device,
                                          const ModelTag& tag = {"fake", {"object"}},
                                          const std::vector<LaneOptions>& lanes = {});
std::shared_ptr<ModelProgram> FakeModel(std::chrono::milliseconds delay = {}, int fail_at = -1,
                                        const ModelTag& tag = {"fake", {"object"}});

}  // namespace jetfleet
