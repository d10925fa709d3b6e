#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/memory/surface.h"

namespace jetfleet {

/// Says whether a picture differs from the last one that a model has looked at, by its luma alone,
/// scaled to at most 160 cells across; of a packed picture, by green. One thread at a time.
///
/// Light that changes all over the picture alike is no motion. What a camera's noise changes is
/// learnt from one picture to the next, and until then every picture differs.
class MotionGate {
 public:
  /// The share of cells, from 0 to 1, that must have changed, each with a neighbour.
  explicit MotionGate(double threshold) : threshold_(threshold) {}

  /// Whether the picture differs from the kept one.
  bool Differs(const SurfaceView& view);
  /// The model looks at the last picture that `Differs` was asked of.
  void Keep() { kept_ = now_; }

  /// Grey levels that one sample differs by from picture to picture; 0 when not known yet.
  double noise() const;

 private:
  /// Sums of a few samples each, row by row.
  using Cells = std::vector<std::uint16_t>;
  /// How the differences of two pictures are spread.
  struct Spread {
    int median = 0;
    /// Median of the distance from it.
    int deviation = 0;
  };

  void Scale(const SurfaceView& view);
  Spread SpreadOf(const Cells& before, std::size_t step);
  void LearnNoise();
  std::size_t CountChanged(int median, double limit) const;

  const double threshold_;
  std::size_t columns_ = 0;
  Cells now_;
  Cells last_;
  Cells kept_;
  std::vector<std::uint32_t> histogram_;
  /// Deviations of the latest pictures from those before them, as a ring.
  std::array<int, 128> deviations_{};
  std::size_t learnt_ = 0;
};

}  // namespace jetfleet
