#pragma once

namespace jetfleet {

/// Seconds by which time stamps are rounded.
constexpr double kClockGrain = 1e-3;

/// When a frame was taken.
struct FrameTime {
  /// Frames count from 1.
  int frame = 0;
  double seconds = 0;
  /// Since the frame before; 0 for the first.
  double passed = 0;
  /// What lies between two frames when none is missing.
  double interval = 1;
  /// What was not seen for longer is forgotten.
  double keep_seconds = 0;
};

}  // namespace jetfleet
