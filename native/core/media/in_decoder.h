#pragma once

#include <cstddef>
#include <map>

#include "core/media/access_unit.h"

namespace jetfleet {

/// The access units that went into the decoder and have not come out. For the decoder's thread
/// only.
class InDecoder {
 public:
  /// Pictures that never come out. Those that were hidden from the beginning are counted already.
  struct Lost {
    std::size_t silently = 0;
    /// It was noticed that they were broken.
    std::size_t broken = 0;
  };

  /// Of those for which there is no room any more.
  Lost Entered(AccessUnitPtr unit);

  /// Units that can no longer come out: decoders give pictures out in the order of presentation, so
  /// what went in earlier and is to be shown earlier was lost in there.
  Lost CameOut(const AccessUnit& unit);
  /// Nobody knows which.
  void CameOutUnknown() { ++unknown_; }
  /// Nothing comes out any more.
  Lost Ended();

  /// For a decoder that loses what travels with a buffer: the unit of this presentation time, if
  /// there is exactly one.
  AccessUnitPtr Find(GstClockTime pts) const;

 private:
  /// More than any decoder holds back (H.264: 16 pictures).
  static constexpr std::size_t kMost = 64;
  /// Without evidence that it was this one.
  void Forget(const AccessUnit& unit, Lost* lost);

  std::map<std::uint64_t, AccessUnitPtr> units_;
  std::size_t unknown_ = 0;
};

}  // namespace jetfleet
