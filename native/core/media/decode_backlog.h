#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>

#include "core/trace.h"

namespace jetfleet {

/// Coded pictures between parser and decoder. Thread-safe.
///
/// Of a live source it leaves out what is old: when the picture whose turn it is has waited for too
/// long, all go up to the newest that decoding may begin with. A burst after a stall may wait for a
/// second, for it is soon worked off; once that was not enough, the decoder is overloaded, and for
/// some time pictures may wait for twice the time that one takes.
class DecodeBacklog {
 public:
  /// Of a file, whose next picture is read when the decoder wants it.
  static constexpr std::size_t kFileCapacity = 1;
  /// Of a live source, whose pictures come in bursts after a stall.
  static constexpr std::size_t kLiveCapacity = 256;
  static constexpr std::chrono::milliseconds kLongestWait{1000};
  static constexpr std::chrono::milliseconds kShortestWait{100};
  static constexpr std::chrono::seconds kOverloadMemory{10};

  /// `entry`: decoding may begin with it.
  void Entered(TimePoint now, bool entry);
  /// The decoder takes the oldest.
  void Left();
  /// The same of a live source; false when the picture is to be left out.
  bool Take(TimePoint now);

  /// No picture of a live source may be added.
  bool Full() const;
  /// Whether all that comes is useless up to the next that decoding may begin with. Once each time.
  bool TakeRestart();
  /// A new connection: what was in the old one is gone.
  void Clear();

  struct Levels {
    std::size_t level = 0;
    std::size_t max = 0;
  };
  /// `max` since the last call.
  Levels TakeLevels();

 private:
  struct Waiting {
    TimePoint arrival;
    bool entry = false;
  };

  void NoteWork(TimePoint now, TimePoint arrival);
  Clock::duration Limit(TimePoint now) const;

  mutable std::mutex mutex_;
  std::deque<Waiting> waiting_;
  std::size_t max_ = 0;
  bool skipping_ = false;
  bool restart_ = false;
  TimePoint overloaded_until_{};
  /// When the decoder took the picture before, and how long one takes it.
  TimePoint taken_{};
  Clock::duration work_{};
};

}  // namespace jetfleet
