#pragma once

#include <string>
#include <vector>

#include "core/media/codec_table.h"
#include "core/status.h"

namespace jetfleet {

/// Which of a source's tracks is read: the first video of one codec, whatever stands beside or
/// before it.
class TrackChoice {
 public:
  explicit TrackChoice(const CodecRow& codec) : codec_(&codec) {}

  /// True when this track is to be read. `kind`: "video", "audio", …; `codec`: null when it cannot
  /// be decoded; `called`: the codec's name as the source gives it.
  bool Offer(const std::string& kind, const std::string& called, const CodecRow* codec);

  bool chosen() const { return chosen_; }
  /// Of what was offered and not chosen, the codec that is best read instead; null when there is
  /// none, or what was asked for is there.
  const CodecRow* instead() const { return chosen_ ? nullptr : instead_; }
  /// Why nothing was chosen from all that was offered.
  Status Verdict(const std::string& shown) const;

 private:
  const CodecRow* const codec_;
  bool chosen_ = false;
  const CodecRow* instead_ = nullptr;
  std::vector<std::string> other_video_;
  std::vector<std::string> other_kinds_;
};

}  // namespace jetfleet
