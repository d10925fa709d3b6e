#include "core/media/admission.h"

#include <string>
#include <utility>

namespace jetfleet {
namespace {

/// An open group begins with at most so many pictures that are shown before its key picture.
constexpr int kMostLeading = 16;

}  // namespace

Admission::Admission(bool live, DecodeBacklog* backlog, Callbacks callbacks)
    : live_(live), backlog_(backlog), callbacks_(std::move(callbacks)) {}

Admission::Inspected Admission::Inspect(GstBuffer* buffer) {
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) return {};
  const bool delta = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT) != FALSE;
  const CodedPicture picture = reader_->Read(map.data, map.size, delta);
  gst_buffer_unmap(buffer, &map);
  const bool discontinuous = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT) != FALSE;
  if (picture.beside_pictures) {
    if (discontinuous && next_ > 0) lost_ = true;
    return {false, nullptr};
  }
  auto unit = std::make_shared<AccessUnit>();
  unit->sequence = next_++;
  unit->arrival = unit->decode_start = Clock::now();
  unit->pts = GST_BUFFER_PTS(buffer);
  unit->tag = picture.tag;
  unit->field = picture.field;
  callbacks_.on_coded();
  if (foreign_) return {};
  const VideoSignal signal = reader_->signal();
  if (signal.foreign_matrix[0] != '\0') {
    foreign_ = true;
    callbacks_.on_error(Status::Error(
        ErrorCode::kSourceUnsupported,
        std::string("Expected pictures of BT.601, BT.709 or BT.2020 but the colour matrix is ") +
            signal.foreign_matrix));
    return {};
  }
  if (!Admit(picture, unit.get(), discontinuous)) return {};
  const PictureTimes times = callbacks_.times_of(unit->pts);
  unit->captured_at_ms = times.captured_at_ms;
  unit->pts_ms = times.pts_ms;
  unit->matrix = signal.matrix;
  unit->range = signal.range;
  return {true, std::move(unit)};
}

bool Admission::Admit(const CodedPicture& picture, AccessUnit* unit, bool discontinuous) {
  const bool lost = lost_.exchange(false) || picture.gap || (discontinuous && unit->sequence > 0);
  const bool full = live_ && backlog_->Full();
  if (backlog_->TakeRestart()) gate_.Close();
  const bool was_open = gate_.open();
  KeyFrameGate::Verdict verdict = gate_.Decide(picture, lost, full);
  if (!gate_.open()) reader_->Restart();
  if (verdict.decode && GST_CLOCK_TIME_IS_VALID(unit->pts)) {
    if (!was_open && gate_.open()) {
      whole_from_ = unit->pts;
      leading_ = kMostLeading;
    }
    if (leading_ > 0 && --leading_ > 0 && unit->pts < whole_from_) {
      verdict = {false, DropReason::kBeforeKeyFrame};
    }
  }
  if (verdict.reason) callbacks_.on_drop(*verdict.reason);
  unit->hidden = verdict.reason;
  unit->entry = verdict.entry;
  return verdict.decode;
}

}  // namespace jetfleet
