#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace jetfleet {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// A stage by its row in a pipeline's table.
using StageId = std::uint8_t;
constexpr std::size_t kMaxStages = 16;
/// Every pipeline begins with it.
constexpr StageId kDecodeStage = 0;

/// The stages of a pipeline in the order a frame passes them. Filled before frames flow.
class StageTable {
 public:
  StageTable() { Add("decode"); }
  /// The row of that name, new or not.
  StageId Add(const std::string& name);
  const std::string& Name(StageId id) const { return names_[id]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
};

/// The times of one frame. A stage's wait begins where the stage before ended, so waits and works
/// add up to the total from arrival exactly, whatever happens between two stages.
class FrameTrace {
 public:
  explicit FrameTrace(TimePoint arrival = {}) : arrival_(arrival), last_end_(arrival) {}

  /// Stages are recorded in order; one may be left out. A start before the
  /// end of the stage before (clocks of two threads) is moved to it.
  void Record(StageId id, TimePoint start, TimePoint end);

  Clock::duration Wait(StageId id) const { return entries_[id].wait; }
  Clock::duration Work(StageId id) const { return entries_[id].work; }
  double WaitMs(StageId id) const { return Ms(Wait(id)); }
  double WorkMs(StageId id) const { return Ms(Work(id)); }
  double TotalMs() const { return Ms(last_end_ - arrival_); }
  TimePoint arrival() const { return arrival_; }
  TimePoint last_end() const { return last_end_; }

  static double Ms(Clock::duration span) {
    return std::chrono::duration<double, std::milli>(span).count();
  }

 private:
  struct Entry {
    Clock::duration wait{};
    Clock::duration work{};
  };
  TimePoint arrival_;
  TimePoint last_end_;
  std::array<Entry, kMaxStages> entries_{};
};

struct Percentiles {
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double max = 0;
};

/// Exact percentiles (nearest rank) over the samples of one interval.
class Distribution {
 public:
  void Add(double sample) { samples_.push_back(sample); }
  std::size_t count() const { return samples_.size(); }
  /// Empties it; nothing when there was no sample.
  std::optional<Percentiles> Take();
  void AddTo(Distribution* other) const;

 private:
  std::vector<double> samples_;
};

struct StageFigures {
  std::size_t frames = 0;
  std::optional<Percentiles> wait_ms;
  std::optional<Percentiles> work_ms;
};

/// Wait and work of one stage over the reporting interval. Written by the stage, read by the
/// publisher.
class StageMeter {
 public:
  void Add(double wait_ms, double work_ms);
  /// With `sum`, what it takes is added there, too.
  StageFigures Take(StageMeter* sum = nullptr);

 private:
  std::mutex mutex_;
  Distribution wait_;
  Distribution work_;
};

}  // namespace jetfleet
