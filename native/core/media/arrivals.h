#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <deque>

#include "core/media/drop_reason.h"

namespace jetfleet {

/// Pictures that came from a source and have not left the parser yet. Depayloaders and parsers keep
/// to themselves what they cannot use, such as all that comes before the first parameter sets; what
/// is known to be withheld so is told here, once for each picture.
///
/// Pictures leave in the order they came in, by the same presentation time. For one connection, for
/// the thread that receives.
class Arrivals {
 public:
  /// Pictures that no decoder will ever see.
  struct Withheld {
    std::size_t count = 0;
    DropReason reason = DropReason::kBeforeKeyFrame;
  };

  /// A picture came in.
  Withheld Came(GstClockTime pts);
  /// A picture left the parser.
  Withheld Left(GstClockTime pts);
  /// Something left the parser that is no picture.
  void PassedBy(GstClockTime pts) { TimeOf(pts); }

 private:
  Withheld Withhold(std::size_t count) const;
  /// Parsers tell of a time once: what they leave without is of the time before.
  GstClockTime TimeOf(GstClockTime pts);

  std::deque<GstClockTime> inside_;
  GstClockTime last_told_ = GST_CLOCK_TIME_NONE;
  GstClockTime last_left_ = GST_CLOCK_TIME_NONE;
  /// Some picture has left the parser.
  bool begun_ = false;
};

}  // namespace jetfleet
