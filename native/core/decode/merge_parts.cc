#include "core/decode/merge_parts.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "core/decode/nms.h"

namespace jetfleet {
namespace {

/// Of a cut box, what must lie in the other one.
constexpr float kMostOfIt = 0.7F;
/// How near to an edge a box ends there, as a share of the part's side: models are sure to some of
/// their own pixels, of which a side has a few hundred.
constexpr float kNear = 0.01F;
/// What the larger box must be given of the score of what was cut off it. A model that hardly
/// believes in it says nothing of a piece that it is sure of.
constexpr float kBelieved = 0.5F;

struct Candidate {
  Detection detection;
  /// That saw it.
  std::vector<std::size_t> parts;
  Box area;
  /// It ends where its part does and the picture does not.
  bool cut = false;
};

bool IsCut(const Box& box, const Box& area, Size picture) {
  const float x = area.width * kNear;
  const float y = area.height * kNear;
  const auto width = static_cast<float>(picture.width);
  const auto height = static_cast<float>(picture.height);
  return (area.left > x && box.left <= area.left + x) ||
         (area.top > y && box.top <= area.top + y) ||
         (area.right() < width - x && box.right() >= area.right() - x) ||
         (area.bottom() < height - y && box.bottom() >= area.bottom() - y);
}

/// Whole objects by their scores, and then what is cut, the largest piece first. Equal ones by
/// whatever differs, so that the outcome is that of any order.
auto Rank(const Candidate& one) {
  const Box& box = one.detection.box;
  const float first = one.cut ? box.area() : one.detection.score;
  return std::make_tuple(one.cut, -first, -one.detection.score, one.detection.label, box.left,
                         box.top, box.width, box.height, one.area.left, one.area.top,
                         one.area.width, one.area.height);
}

/// `one` comes behind `kept` by its rank, and was seen by one part.
bool IsSame(const Candidate& kept, const Candidate& one, float max_iou) {
  const Detection& a = kept.detection;
  const Detection& b = one.detection;
  const auto seen = std::find(kept.parts.begin(), kept.parts.end(), one.parts.front());
  if (seen != kept.parts.end() || a.label != b.label) return false;
  if (Iou(a.box, b.box) > max_iou) return true;
  return one.cut && b.box.area() <= a.box.area() && a.score >= kBelieved * b.score &&
         Intersection(a.box, b.box) >= kMostOfIt * b.box.area();
}

std::vector<Candidate> Gather(const std::vector<SeenPart>& parts, Size picture) {
  std::vector<Candidate> all;
  for (std::size_t number = 0; number < parts.size(); ++number) {
    const Box& area = parts[number].area;
    for (const Detection& box : parts[number].boxes) {
      all.push_back({box, {number}, area, IsCut(box.box, area, picture)});
    }
  }
  const auto better = [](const Candidate& a, const Candidate& b) {
    return a.detection.score > b.detection.score ||
           (a.detection.score == b.detection.score && Rank(a) < Rank(b));
  };
  std::sort(all.begin(), all.end(), better);
  if (all.size() > kMaxCandidates) all.resize(kMaxCandidates);
  std::sort(all.begin(), all.end(),
            [](const Candidate& a, const Candidate& b) { return Rank(a) < Rank(b); });
  return all;
}

}  // namespace

std::vector<Detection> MergeParts(const std::vector<SeenPart>& parts, Size picture, float max_iou) {
  std::vector<Candidate> kept;
  for (const Candidate& one : Gather(parts, picture)) {
    const auto same = std::find_if(kept.begin(), kept.end(), [&](const Candidate& before) {
      return IsSame(before, one, max_iou);
    });
    if (same == kept.end()) {
      kept.push_back(one);
    } else {
      same->detection.score = std::max(same->detection.score, one.detection.score);
      same->parts.push_back(one.parts.front());
    }
  }
  std::vector<Detection> merged;
  merged.reserve(kept.size());
  for (const Candidate& one : kept) merged.push_back(one.detection);
  std::stable_sort(merged.begin(), merged.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  return merged;
}

}  // namespace jetfleet
