#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>

#include "core/trace.h"

namespace jetfleet {

/// Coded pictures between parser and decoder. Thread-safe.
class DecodeBacklog {
 public:
  /// Of a file, where the queue blocks.
  static constexpr std::size_t kFileCapacity = 4;
  /// Of a live source, whose pictures come in bursts after a stall.
  static constexpr std::size_t kLiveCapacity = 256;
  /// A live picture that has waited for so long is no news any more. A burst is decoded faster.
  static constexpr std::chrono::milliseconds kLongestWait{1000};

  void Entered(TimePoint now);
  void Left();
  /// The decoder of a live source has more to do than it may.
  bool Late(TimePoint now) const;

  struct Levels {
    std::size_t level = 0;
    std::size_t max = 0;
  };
  /// `max` since the last call.
  Levels TakeLevels();

 private:
  mutable std::mutex mutex_;
  std::deque<TimePoint> arrivals_;
  std::size_t max_ = 0;
};

}  // namespace jetfleet
