#pragma once

#include "core/trace.h"

namespace jetfleet {

/// Presentation times that only grow over connections and rounds of a file, and that tell how long
/// nothing was seen: an outage of a live source is as long as it was, whatever the source's own
/// times say.
class StreamClock {
 public:
  explicit StreamClock(bool live) : live_(live) {}

  /// The next picture begins a new connection or round.
  void Restart() { first_ = true; }
  /// `pts_ms`: as the source gives it.
  double Add(double pts_ms, TimePoint arrival);

 private:
  const bool live_;
  bool first_ = true;
  bool any_ = false;
  double offset_ms_ = 0;
  double last_ms_ = 0;
  double gap_ms_ = 0;
  TimePoint last_arrival_;
};

}  // namespace jetfleet
