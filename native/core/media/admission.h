#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "core/media/access_unit.h"
#include "core/media/coded_picture.h"
#include "core/media/decode_backlog.h"
#include "core/media/drop_reason.h"
#include "core/media/head.h"
#include "core/media/key_frame_gate.h"
#include "core/status.h"

namespace jetfleet {

/// Which coded pictures the decoder is given: only those that it can decode whole, and of a live
/// source no more than it can keep up with. For the parser's thread, except where it says
/// otherwise.
class Admission {
 public:
  struct Callbacks {
    /// A coded picture came, decodable or not.
    std::function<void()> on_coded;
    /// A picture is no result, once for each.
    std::function<void(DropReason)> on_drop;
    /// Nothing can be read on.
    std::function<void(const Status&)> on_error;
    /// What the source tells of the picture of this presentation time.
    std::function<PictureTimes(GstClockTime)> times_of;
  };

  Admission(bool live, DecodeBacklog* backlog, Callbacks callbacks);

  /// The codec's; before the first picture.
  void SetReader(std::unique_ptr<PictureReader> reader) { reader_ = std::move(reader); }
  struct Inspected {
    /// False: parameter sets or messages alone, which the decoder is to have and nothing comes of.
    bool has_picture = true;
    /// What is known of the picture; null when the decoder is not to have it.
    AccessUnitPtr unit;
  };
  /// A parsed buffer.
  Inspected Inspect(GstBuffer* buffer);
  /// Something was lost since the picture before. From any thread.
  void NoteLoss() { lost_ = true; }

 private:
  /// False: the picture is dropped.
  bool Admit(const CodedPicture& picture, AccessUnit* unit, bool discontinuous);

  const bool live_;
  DecodeBacklog* const backlog_;
  const Callbacks callbacks_;
  std::unique_ptr<PictureReader> reader_;
  KeyFrameGate gate_;
  std::uint64_t next_ = 0;
  /// Pictures to be shown before this are made from others that never came (open groups).
  GstClockTime whole_from_ = 0;
  int leading_ = 0;
  /// Of a colour matrix that is not read. It is said, and nothing is said of what follows.
  bool foreign_ = false;
  std::atomic<bool> lost_{false};
};

}  // namespace jetfleet
