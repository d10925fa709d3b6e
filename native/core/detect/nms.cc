#include "core/detect/nms.h"

#include <algorithm>

namespace jetfleet {
namespace {

/// Pre-NMS limit. Far above what a picture holds, it bounds the quadratic step when a broken or
/// adversarial model scores everything high.
constexpr std::size_t kMaxCandidates = 3000;

}  // namespace

std::vector<Detection> SuppressNonMaxima(std::vector<Detection> candidates, float max_iou) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  if (candidates.size() > kMaxCandidates) candidates.resize(kMaxCandidates);
  std::vector<Detection> kept;
  for (const Detection& candidate : candidates) {
    const bool covered = std::any_of(kept.begin(), kept.end(), [&](const Detection& better) {
      return better.label == candidate.label && Iou(better.box, candidate.box) > max_iou;
    });
    if (!covered) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace jetfleet
