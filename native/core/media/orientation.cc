#include "core/media/orientation.h"

namespace jetfleet {

std::optional<Rotation> RotationOf(const std::string& orientation) {
  if (orientation == "rotate-0") return Rotation::kNone;
  if (orientation == "rotate-90") return Rotation::kQuarter;
  if (orientation == "rotate-180") return Rotation::kHalf;
  if (orientation == "rotate-270") return Rotation::kThreeQuarters;
  return std::nullopt;
}

}  // namespace jetfleet
