#include "core/decode/candidates.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "backends/backend_abi.h"

namespace jetfleet {

std::uint32_t ReadCandidates(const TensorView& row, std::size_t labels, float min_score,
                             std::vector<Detection>* found) {
  found->clear();
  const auto* const words = row.Host<const float>();
  std::uint32_t count = 0;
  std::memcpy(&count, words, sizeof(count));
  std::vector<JfCandidate> candidates(std::min(count, kMostCandidates));
  std::memcpy(candidates.data(), words + sizeof(JfCandidate) / sizeof(float),
              candidates.size() * sizeof(JfCandidate));
  // They come in no order; of equal scores, merging prefers the earlier.
  std::sort(candidates.begin(), candidates.end(),
            [](const JfCandidate& a, const JfCandidate& b) { return a.cell < b.cell; });
  for (const JfCandidate& one : candidates) {
    const bool is_sound = one.score >= min_score && one.label >= 0 &&
                          static_cast<std::size_t>(one.label) < labels &&
                          std::isfinite(one.left + one.top + one.width + one.height);
    if (!is_sound) continue;
    found->push_back(
        {{one.left, one.top, one.width, one.height}, std::min(one.score, 1.0F), one.label});
  }
  return count;
}

}  // namespace jetfleet
