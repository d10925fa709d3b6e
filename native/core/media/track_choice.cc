#include "core/media/track_choice.h"

namespace jetfleet {
namespace {

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

bool TrackChoice::Offer(const std::string& kind, const std::string& called, const CodecRow* codec) {
  if (kind != "video") {
    other_kinds_.push_back(kind);
    return false;
  }
  if (codec == codec_ && !chosen_) {
    chosen_ = true;
    return true;
  }
  other_video_.push_back(called);
  // Both stand in the table, the better one first.
  if (codec != nullptr && (instead_ == nullptr || codec < instead_)) instead_ = codec;
  return false;
}

Status TrackChoice::Verdict(const std::string& shown) const {
  if (chosen()) return Status::Ok();
  if (!other_video_.empty()) {
    return Status::Error(ErrorCode::kSourceCodec, "Expected " + CodecNames() + " video but got " +
                                                      Joined(other_video_) + " from " + shown);
  }
  const std::string got = other_kinds_.empty() ? "no track at all" : "only " + Joined(other_kinds_);
  return Status::Error(ErrorCode::kSourceNoVideo,
                       "Expected a video track but got " + got + " from " + shown);
}

}  // namespace jetfleet
