#include "core/media/in_decoder.h"

#include <utility>

namespace jetfleet {
namespace {

void Add(const AccessUnit& unit, InDecoder::Lost* lost) {
  if (!unit.hidden) ++lost->silently;
  if (unit.hidden == DropReason::kCorrupt) ++lost->broken;
}

}  // namespace

InDecoder::Lost InDecoder::Entered(AccessUnitPtr unit) {
  Lost lost;
  const std::uint64_t sequence = unit->sequence;
  units_[sequence] = std::move(unit);
  while (units_.size() > kMost) {
    Forget(*units_.begin()->second, &lost);
    units_.erase(units_.begin());
  }
  return lost;
}

InDecoder::Lost InDecoder::CameOut(const AccessUnit& unit) {
  Lost lost;
  for (auto it = units_.begin(); it != units_.end() && it->first <= unit.sequence;) {
    const AccessUnit& earlier = *it->second;
    const bool same = earlier.sequence == unit.sequence;
    const bool gone = GST_CLOCK_TIME_IS_VALID(earlier.pts) && GST_CLOCK_TIME_IS_VALID(unit.pts) &&
                      earlier.pts < unit.pts;
    if (gone && !same) Add(earlier, &lost);
    it = same || gone ? units_.erase(it) : std::next(it);
  }
  return lost;
}

InDecoder::Lost InDecoder::Ended() {
  Lost lost;
  for (const auto& [sequence, unit] : units_) Forget(*unit, &lost);
  units_.clear();
  return lost;
}

void InDecoder::Forget(const AccessUnit& unit, Lost* lost) {
  // Two fields may be units of their own, of which one comes out.
  if (unit.field || (unknown_ > 0 && !unit.hidden)) {
    if (!unit.field) --unknown_;
    return;
  }
  Add(unit, lost);
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
