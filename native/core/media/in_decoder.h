#pragma once

#include <cstddef>
#include <map>

#include "core/media/access_unit.h"

namespace jetfleet {

/// The access units that went into the decoder and have not come out. For the decoder's thread
/// only.
class InDecoder {
 public:
  void Entered(AccessUnitPtr unit);

  /// Units that can no longer come out: decoders give pictures out in the order of presentation, so
  /// what went in earlier and is to be shown earlier was lost in there. Hidden ones do not count.
  std::size_t CameOut(const AccessUnit& unit);

  /// For a decoder that loses what travels with a buffer: the unit of this presentation time, if
  /// there is exactly one.
  AccessUnitPtr Find(GstClockTime pts) const;

 private:
  /// More than any decoder holds back (H.264: 16 pictures).
  static constexpr std::size_t kMost = 64;
  std::map<std::uint64_t, AccessUnitPtr> units_;
};

}  // namespace jetfleet
