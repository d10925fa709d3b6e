#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "core/trace.h"

namespace jetfleet {

/// How long a live source may be silent before it counts as lost. Cameras send 60 pictures a second
/// or one every ten; what they did so far says what to expect. Kept over connections.
class StallWatch {
 public:
  /// `fixed`: always so long. `least`: else never shorter than this.
  StallWatch(std::optional<Clock::duration> fixed, Clock::duration least)
      : fixed_(fixed), least_(least) {}

  void Connected() { last_.reset(); }
  void Coded(TimePoint now);
  /// From the last sign of life on.
  Clock::duration Patience() const;

 private:
  const std::optional<Clock::duration> fixed_;
  const Clock::duration least_;
  std::optional<TimePoint> last_;
  std::deque<Clock::duration> intervals_;
};

}  // namespace jetfleet
