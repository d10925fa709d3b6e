#include "core/media/in_decoder.h"

#include <utility>

namespace jetfleet {

void InDecoder::Entered(AccessUnitPtr unit) {
  const std::uint64_t sequence = unit->sequence;
  units_[sequence] = std::move(unit);
  while (units_.size() > kMost) units_.erase(units_.begin());
}

std::size_t InDecoder::CameOut(const AccessUnit& unit) {
  std::size_t lost = 0;
  for (auto it = units_.begin(); it != units_.end() && it->first <= unit.sequence;) {
    const AccessUnit& earlier = *it->second;
    const bool same = earlier.sequence == unit.sequence;
    const bool gone = GST_CLOCK_TIME_IS_VALID(earlier.pts) && GST_CLOCK_TIME_IS_VALID(unit.pts) &&
                      earlier.pts < unit.pts;
    if (gone && !same && !earlier.hidden) ++lost;
    it = same || gone ? units_.erase(it) : std::next(it);
  }
  return lost;
}

AccessUnitPtr InDecoder::Find(GstClockTime pts) const {
  AccessUnitPtr found;
  if (!GST_CLOCK_TIME_IS_VALID(pts)) return found;
  for (const auto& [sequence, unit] : units_) {
    if (unit->pts != pts) continue;
    if (found != nullptr) return nullptr;
    found = unit;
  }
  return found;
}

}  // namespace jetfleet
