#include "score.h"

#include <algorithm>
#include <random>

namespace jetfleet::bench {
namespace {

/// models/scoring.json.
constexpr float kMinVisible = 0.4F;
constexpr float kMinHeightShare = 0.04F;
constexpr float kIgnoreIou = 0.3F;
/// What users of the model see.
constexpr float kShownScore = 0.3F;

Box BoxOf(const scene::TrueObject& object) {
  return {static_cast<float>(object.left), static_cast<float>(object.top),
          static_cast<float>(object.width), static_cast<float>(object.height)};
}

std::vector<int> Resampled(std::size_t frames, std::mt19937* random) {
  std::vector<int> weights(frames);
  std::uniform_int_distribution<std::size_t> pick(0, frames - 1);
  for (std::size_t i = 0; i < frames; ++i) ++weights[pick(*random)];
  return weights;
}

Interval IntervalOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  return {at(0.025), at(0.975)};
}

}  // namespace

void Scorer::Add(const std::vector<Detection>& detections,
                 const std::vector<scene::TrueObject>& truth) {
  std::vector<const scene::TrueObject*> wanted;
  std::vector<const scene::TrueObject*> others;
  std::vector<int> count(static_cast<std::size_t>(labels_));
  for (const scene::TrueObject& object : truth) {
    const bool counts =
        object.visible >= kMinVisible &&
        static_cast<float>(object.height) >= kMinHeightShare * static_cast<float>(picture_height_);
    (counts ? wanted : others).push_back(&object);
    if (counts) ++count[static_cast<std::size_t>(object.label)];
  }
  std::vector<Detection> best = detections;
  std::stable_sort(best.begin(), best.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  std::vector<Judged> judged;
  for (const Detection& detection : best) {
    judged.push_back({detection.score, detection.label, static_cast<int>(frames_), {}});
  }
  for (int iou = 0; iou < kIous; ++iou) {
    const float needed = 0.5F + 0.05F * static_cast<float>(iou);
    std::vector<bool> free(wanted.size(), true);
    for (std::size_t i = 0; i < best.size(); ++i) {
      float most = 0;
      std::size_t which = 0;
      for (std::size_t j = 0; j < wanted.size(); ++j) {
        if (!free[j] || static_cast<int>(wanted[j]->label) != best[i].label) continue;
        const float overlap = Iou(best[i].box, BoxOf(*wanted[j]));
        if (overlap > most) {
          most = overlap;
          which = j;
        }
      }
      if (most >= needed) {
        free[which] = false;
        if (iou == 0 && best[i].score >= kShownScore) {
          const Box& box = best[i].box;
          const Box of = BoxOf(*wanted[which]);
          edges_[0] += box.left - of.left;
          edges_[1] += box.top - of.top;
          edges_[2] += box.left + box.width - of.left - of.width;
          edges_[3] += box.top + box.height - of.top - of.height;
          ++edged_;
        }
        judged[i].verdicts[iou] = 1;
      } else if (std::any_of(others.begin(), others.end(), [&](const scene::TrueObject* other) {
                   return Iou(best[i].box, BoxOf(*other)) >= kIgnoreIou;
                 })) {
        judged[i].verdicts[iou] = -1;
      }
    }
  }
  judged_.insert(judged_.end(), judged.begin(), judged.end());
  objects_.push_back(std::move(count));
  ++frames_;
  sorted_ = false;
}

Figures Scorer::EdgesOff() const {
  const double count = edged_ == 0 ? 1 : static_cast<double>(edged_);
  return Figures()
      .Add("boxes", static_cast<double>(edged_))
      .Add("left", edges_[0] / count)
      .Add("top", edges_[1] / count)
      .Add("right", edges_[2] / count)
      .Add("bottom", edges_[3] / count);
}

void Scorer::Sort() const {
  if (sorted_) return;
  std::stable_sort(judged_.begin(), judged_.end(),
                   [](const Judged& a, const Judged& b) { return a.score > b.score; });
  sorted_ = true;
}

std::size_t Scorer::objects() const {
  std::size_t sum = 0;
  for (const auto& count : objects_) {
    for (const int some : count) sum += static_cast<std::size_t>(some);
  }
  return sum;
}

double Scorer::Precision(int label, int iou, const std::vector<int>& weights) const {
  double objects = 0;
  for (std::size_t frame = 0; frame < frames_; ++frame) {
    objects += weights[frame] * objects_[frame][static_cast<std::size_t>(label)];
  }
  if (objects == 0) return 0;
  std::vector<double> recall;
  std::vector<double> precision;
  double right = 0;
  double shown = 0;
  for (const Judged& one : judged_) {
    const int weight = weights[static_cast<std::size_t>(one.frame)];
    if (one.label != label || weight == 0 || one.verdicts[iou] < 0) continue;
    shown += weight;
    right += weight * one.verdicts[iou];
    recall.push_back(right / objects);
    precision.push_back(right / shown);
  }
  double area = 0;
  double envelope = 0;
  for (std::size_t i = recall.size(); i-- > 0;) {
    envelope = std::max(envelope, precision[i]);
    area += (recall[i] - (i > 0 ? recall[i - 1] : 0)) * envelope;
  }
  return area;
}

double Scorer::Map(const std::vector<int>& weights) const {
  Sort();
  double sum = 0;
  for (int label = 0; label < labels_; ++label) {
    for (int iou = 0; iou < kIous; ++iou) sum += Precision(label, iou, weights);
  }
  return sum / (labels_ * kIous);
}

double Scorer::Map50() const {
  Sort();
  double sum = 0;
  for (int label = 0; label < labels_; ++label) {
    sum += Precision(label, 0, std::vector<int>(frames_, 1));
  }
  return sum / labels_;
}

Interval BootstrapMap(const Scorer& scorer, int rounds) {
  std::mt19937 random(1);
  std::vector<double> values;
  for (int i = 0; i < rounds; ++i) {
    values.push_back(scorer.Map(Resampled(scorer.frames(), &random)));
  }
  return IntervalOf(std::move(values));
}

Interval BootstrapDifference(const Scorer& scorer, const Scorer& base, int rounds) {
  std::mt19937 random(1);
  std::vector<double> values;
  for (int i = 0; i < rounds; ++i) {
    const std::vector<int> weights = Resampled(scorer.frames(), &random);
    values.push_back(scorer.Map(weights) - base.Map(weights));
  }
  return IntervalOf(std::move(values));
}

}  // namespace jetfleet::bench
