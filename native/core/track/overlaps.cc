#include "core/track/overlaps.h"

#include <algorithm>

namespace jetfleet {

std::vector<Overlap> OverlapsOf(const std::vector<Box>& first, const std::vector<Box>& second) {
  struct Edge {
    float left;
    std::size_t at;
  };
  std::vector<Edge> edges;
  edges.reserve(second.size());
  float widest = 0;
  for (std::size_t at = 0; at < second.size(); ++at) {
    if (!second[at].is_finite()) continue;
    edges.push_back({second[at].left, at});
    widest = std::max(widest, second[at].width);
  }
  std::sort(edges.begin(), edges.end(),
            [](const Edge& a, const Edge& b) { return a.left < b.left; });

  std::vector<Overlap> overlaps;
  for (std::size_t at = 0; at < first.size(); ++at) {
    const Box& box = first[at];
    if (!box.is_finite()) continue;
    const auto begin = static_cast<std::ptrdiff_t>(overlaps.size());
    auto edge = std::lower_bound(edges.begin(), edges.end(), box.left - widest,
                                 [](const Edge& each, float left) { return each.left < left; });
    for (; edge != edges.end() && edge->left < box.right(); ++edge) {
      const float iou = Iou(box, second[edge->at]);
      if (iou > 0) overlaps.push_back({at, edge->at, iou});
    }
    std::sort(overlaps.begin() + begin, overlaps.end(),
              [](const Overlap& a, const Overlap& b) { return a.second < b.second; });
  }
  return overlaps;
}

std::vector<Box> BoxesOf(const std::vector<Detection>& detections) {
  return BoxesOf(detections, [](const Detection& detection) { return detection.box; });
}

}  // namespace jetfleet
