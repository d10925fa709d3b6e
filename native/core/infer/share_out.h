#pragma once

#include <cstddef>
#include <vector>

namespace jetfleet {

/// What a source asks of the lanes.
struct SourceDemand {
  /// Frames a second that came.
  double fps = 0;
  /// Frames had to wait or were dropped: more would come if there were room.
  bool pressed = false;
};

/// Whole sources for each lane, by what the lanes were measured to do: the lane of each source, or
/// nothing where that would leave one lane much busier than another, and frames of all sources are
/// to be divided among all lanes instead.
///
/// `speeds` are frames a second of each lane, 0 when not measured yet. `current` is the answer that
/// is in force; it stays as long as it will do, for sources should not wander.
std::vector<std::size_t> ShareOut(const std::vector<double>& speeds,
                                  const std::vector<SourceDemand>& demands,
                                  const std::vector<std::size_t>& current);

}  // namespace jetfleet
