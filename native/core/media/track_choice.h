#pragma once

#include <string>
#include <vector>

#include "core/media/codec_table.h"
#include "core/status.h"

namespace jetfleet {

/// Which of a source's tracks is read: the first video that can be decoded, whatever stands beside
/// or before it.
class TrackChoice {
 public:
  /// True when this track is to be read. `kind`: "video", "audio", …; `codec`: null when it cannot
  /// be decoded; `called`: the codec's name as the source gives it.
  bool Offer(const std::string& kind, const std::string& called, const CodecRow* codec);

  bool chosen() const { return chosen_ != nullptr; }
  /// Null before a track is chosen.
  const CodecRow* codec() const { return chosen_; }
  /// Why nothing was chosen from all that was offered.
  Status Verdict(const std::string& shown) const;

 private:
  const CodecRow* chosen_ = nullptr;
  std::vector<std::string> other_video_;
  std::vector<std::string> other_kinds_;
};

}  // namespace jetfleet
