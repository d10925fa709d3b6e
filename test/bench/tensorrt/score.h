#pragma once

#include <vector>

#include "core/geometry.h"
#include "figures.h"
#include "scene/scene.h"

namespace jetfleet::bench {

/// Mean average precision over the labels and IoU 0.50, 0.55, … 0.95, by the rule of
/// models/scoring.json for what counts; areas under the precision envelope. Intervals by resampling
/// frames.
class Scorer {
 public:
  Scorer(int labels, int picture_height) : labels_(labels), picture_height_(picture_height) {}

  /// Detections in any order.
  void Add(const std::vector<Detection>& detections, const std::vector<scene::TrueObject>& truth);

  /// Each frame counted `weights[frame]` times.
  double Map(const std::vector<int>& weights) const;
  double Map() const { return Map(std::vector<int>(frames_, 1)); }
  double Map50() const;
  std::size_t frames() const { return frames_; }
  std::size_t objects() const;
  /// How far, in pixels, edges of right boxes (IoU 0.5, score 0.3) lie from the truth's on average:
  /// right and down are positive. A shift that all have is the model's or the reader's own.
  Figures EdgesOff() const;

 private:
  static constexpr int kIous = 10;
  struct Judged {
    float score;
    int label;
    int frame;
    /// 1 right, 0 wrong, -1 left out, for each IoU.
    signed char verdicts[kIous];
  };
  void Sort() const;
  double Precision(int label, int iou, const std::vector<int>& weights) const;

  int labels_;
  int picture_height_;
  std::size_t frames_ = 0;
  mutable std::vector<Judged> judged_;
  double edges_[4] = {};
  std::size_t edged_ = 0;
  mutable bool sorted_ = true;
  /// Of each frame, by label.
  std::vector<std::vector<int>> objects_;
};

struct Interval {
  double low;
  double high;
};

/// 95 % of the resampled values: of one, and of the difference of two on the same frames.
Interval BootstrapMap(const Scorer& scorer, int rounds);
Interval BootstrapDifference(const Scorer& scorer, const Scorer& base, int rounds);

}  // namespace jetfleet::bench
