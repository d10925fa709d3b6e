#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <cstdint>
#include <deque>

#include "core/media/drop_reason.h"

namespace jetfleet {

/// Pictures that came from a source and have not left the parser yet. Depayloaders and parsers keep
/// to themselves what they cannot use, such as all that comes before the first parameter sets; what
/// is known to be withheld so is told here, once for each picture.
///
/// Pictures leave in the order they came in, under the same name: their presentation time, or a
/// mark of their own where times do not tell them apart (picture_scan.h). For one connection, for
/// the thread that receives.
class Arrivals {
 public:
  /// A time or a mark; GST_CLOCK_TIME_NONE when there is none.
  using Name = std::uint64_t;

  /// A depayloader and a parser that wait for the beginning of the next picture hold one each; the
  /// one that has just come is the third.
  static constexpr std::size_t kOneByOne = 3;
  /// Where many come at once, as a file's bytes do: so many may be inside.
  static constexpr std::size_t kMany = 4096;
  void SetMostInside(std::size_t most) { most_inside_ = most; }

  /// Pictures that no decoder will ever see.
  struct Withheld {
    std::size_t count = 0;
    DropReason reason = DropReason::kBeforeKeyFrame;
  };

  /// A picture came in.
  Withheld Came(Name name);
  /// A picture left the parser.
  Withheld Left(Name name);
  /// Something left the parser that is no picture.
  void PassedBy(Name name) { Told(name); }
  /// Nothing leaves any more.
  Withheld Ended();

 private:
  Withheld Withhold(std::size_t count) const;
  /// Parsers tell of a time once: what they leave without is of the time before.
  Name Told(Name name);

  std::size_t most_inside_ = kOneByOne;
  std::deque<Name> inside_;
  Name last_told_ = GST_CLOCK_TIME_NONE;
  Name last_left_ = GST_CLOCK_TIME_NONE;
  /// Some picture has left the parser.
  bool begun_ = false;
};

}  // namespace jetfleet
