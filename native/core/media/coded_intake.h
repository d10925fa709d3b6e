#pragma once

#include <gst/gst.h>

#include <optional>
#include <vector>

#include "core/media/arrivals.h"
#include "core/media/codec_table.h"
#include "core/media/picture_scan.h"

namespace jetfleet {

/// The pictures in what a demuxer or a device hands to the parser, and the same behind it, by the
/// names that `Arrivals` knows them by. By the thread that receives.
///
/// A byte stream comes cut anywhere, so its pictures are looked for and have marks. What comes with
/// a picture in each buffer has times.
class CodedIntake {
 public:
  explicit CodedIntake(const CodecRow& codec);

  /// What the next buffers are.
  void OnCaps(const GstCaps* caps);
  /// Pictures that came with it.
  std::vector<Arrivals::Name> Add(GstBuffer* buffer);
  /// Those that were not known to have begun before the end of the stream.
  std::vector<Arrivals::Name> End();
  /// Of a picture that leaves the parser.
  Arrivals::Name NameOf(GstBuffer* parsed) const;

 private:
  std::optional<NalCodec> codec_;
  /// Of a byte stream.
  std::optional<PictureScan> scan_;
  /// Its buffers end where pictures do, so what leaves the parser may not wait for the next one.
  bool whole_pictures_ = false;
  /// Of samples: bytes of the length in front of each NAL unit.
  std::size_t length_bytes_ = 4;
};

}  // namespace jetfleet
