#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/infer/backend.h"
#include "core/status.h"

/// A model alone, measured as trtexec measures: nothing of ours around it.
namespace jetfleet {

struct BenchOptions {
  std::string backend_path;
  std::string runtime_path;
  LoadOptions load;
  /// Slots of one run; 0: as the model is, 1 where it is open.
  std::int64_t batch = 0;
  std::chrono::milliseconds warm_up{200};
  /// Of each of the two measurements.
  std::chrono::milliseconds duration{3000};
  /// At least so many runs of each, however long they take.
  std::uint32_t least_runs = 10;
  /// Ask the library for its own account of the layers, afterwards: that slows it down.
  bool layers = false;
};

struct BenchResult {
  Capabilities backend;
  ModelInfo model;
  std::int64_t batch = 0;
  /// Of each run, one at a time: inputs to the accelerator, computing, outputs to the host.
  std::vector<double> latency_ms;
  /// Runs and the host's time for all of them, with as many in flight as the backend gains from.
  std::uint64_t runs = 0;
  double host_ms = 0;
  std::uint32_t in_flight = 1;
  /// What the library tells of its layers, as JSON of its own; empty when it tells nothing.
  std::string inspection;
  /// Why it does not, when it was asked.
  std::string no_inspection;
  /// What layers took, where the library's profiler tells; else empty.
  std::vector<LayerTime> layers;
};

/// Works on inputs of random numbers from 0 to 1. MODEL_INVALID when the model does not load or
/// run, or has open dimensions other than its batch.
Status RunBench(const BenchOptions& options, BenchResult* result);

}  // namespace jetfleet
