#include "core/decode/nms.h"

#include <algorithm>

namespace jetfleet {

void SuppressNonMaxima(float max_iou, std::vector<Detection>* detections) {
  std::vector<Detection>& candidates = *detections;
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  if (candidates.size() > kMaxCandidates) candidates.resize(kMaxCandidates);
  // What is kept moves to the front.
  auto kept = candidates.begin();
  for (const Detection& candidate : candidates) {
    const bool covered = std::any_of(candidates.begin(), kept, [&](const Detection& better) {
      return better.label == candidate.label && Iou(better.box, candidate.box) > max_iou;
    });
    if (!covered) *kept++ = candidate;
  }
  candidates.erase(kept, candidates.end());
}

void FinishBoxes(float max_iou, const Placement& placement, std::vector<Detection>* detections) {
  SuppressNonMaxima(max_iou, detections);
  for (Detection& detection : *detections) detection.box = placement.Undo(detection.box);
}

}  // namespace jetfleet
