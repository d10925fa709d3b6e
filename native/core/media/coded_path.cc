#include "core/media/coded_path.h"

#include <utility>

#include "core/media/decode_errors.h"
#include "core/media/gst_surface.h"
#include "core/media/orientation.h"
#include "core/media/picture_pool.h"

namespace jetfleet {
namespace {

/// Null of other events.
const GstCaps* CapsOf(GstEvent* event) {
  GstCaps* caps = nullptr;
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) gst_event_parse_caps(event, &caps);
  return caps;
}

}  // namespace

CodedPath::CodedPath(const Options& options, SourceMeter* meter, Callbacks callbacks)
    : options_(options),
      meter_(meter),
      callbacks_(std::move(callbacks)),
      admission_(options.live, &meter->backlog,
                 {callbacks_.on_coded, [this](DropReason reason) { Count(reason); },
                  callbacks_.on_error, callbacks_.times_of}) {
  meter_->backlog.Clear();
  WatchDecodeErrors();
}

void CodedPath::Count(DropReason reason, std::size_t count) {
  if (!meter_->drops.Add(reason, count) || quiet_) return;
  const Status warning = WarningOf(reason);
  if (!warning.ok()) callbacks_.on_warning(warning);
}

void CodedPath::Count(const InDecoder::Lost& lost) {
  Count(DropReason::kDecoder, lost.silently);
  Count(DropReason::kCorrupt, lost.broken);
}

void CodedPath::CountWhatIsLeft(const Status& end) {
  quiet_ = !end.ok();
  Count(arrivals_.Ended());
  Count(DropReason::kDecoder, ahead_.exchange(0));
  Count(in_decoder_.Ended());
}

void CodedPath::Arrived(Arrivals::Name name) {
  const Arrivals::Withheld withheld = arrivals_.Came(name);
  if (withheld.count == 0) return;
  Count(withheld);
  callbacks_.on_coded();
}

void CodedPath::NoteCapture(AccessUnit* unit) {
  if (unit->tag) unit->captured_at_ms = static_cast<double>(unit->tag->captured_at_us) / 1000;
  if (!unit->captured_at_ms) return;
  unit->way_ms = delay_.WayMs(*unit->captured_at_ms, unit->arrival, WallClockMs());
  if (options_.live) meter_->SetClockOffset(delay_.offset_ms());
}

GstPadProbeReturn CodedPath::OnComing(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* path = static_cast<CodedPath*>(self);
  std::vector<Arrivals::Name> came;
  if ((GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
    came = path->intake_->Add(GST_PAD_PROBE_INFO_BUFFER(info));
  } else if (GstEvent* const event = GST_PAD_PROBE_INFO_EVENT(info);
             GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    came = path->intake_->End();
  } else if (const GstCaps* const caps = CapsOf(event)) {
    path->intake_->OnCaps(caps);
  }
  for (const Arrivals::Name name : came) path->Arrived(name);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn CodedPath::OnParsed(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* path = static_cast<CodedPath*>(self);
  GstBuffer* const parsed = GST_PAD_PROBE_INFO_BUFFER(info);
  auto [has_picture, unit] = path->admission_.Inspect(parsed);
  const Arrivals::Name name =
      path->intake_ ? path->intake_->NameOf(parsed) : GST_BUFFER_PTS(parsed);
  if (!has_picture) {
    path->arrivals_.PassedBy(name);
    return GST_PAD_PROBE_OK;
  }
  path->Count(path->arrivals_.Left(name));
  if (unit == nullptr) return GST_PAD_PROBE_DROP;
  path->NoteCapture(unit.get());
  path->meter_->backlog.Entered(unit->arrival, unit->entry);
  if (!unit->hidden) ++path->ahead_;
  GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  AttachAccessUnit(buffer, std::move(unit));
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  return GST_PAD_PROBE_OK;
}

void CodedPath::NoteRotation(GstEvent* event) {
  GstTagList* tags = nullptr;
  gst_event_parse_tag(event, &tags);
  gchar* raw = nullptr;
  if (gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &raw) == FALSE) return;
  const GstPtr<gchar> text(raw);
  const auto rotation = RotationOf(raw);
  if (rotation) {
    rotation_ = *rotation;
    return;
  }
  callbacks_.on_error(Status::Error(
      ErrorCode::kSourceUnsupported,
      std::string("Expected pictures that are turned but not mirrored, but got the orientation ") +
          raw));
}

GstPadProbeReturn CodedPath::OnEvent(GstPad*, GstPadProbeInfo* info, gpointer self) {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) static_cast<CodedPath*>(self)->NoteRotation(event);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn CodedPath::OnDecoderInput(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* path = static_cast<CodedPath*>(self);
  const TimePoint now = Clock::now();
  const AccessUnitPtr unit = AccessUnitOf(GST_PAD_PROBE_INFO_BUFFER(info));
  if (unit == nullptr) return GST_PAD_PROBE_OK;
  if (!unit->hidden) --path->ahead_;
  if (!path->options_.live) {
    path->meter_->backlog.Left();
  } else if (!path->meter_->backlog.Take(now)) {
    if (!unit->hidden) path->Count(DropReason::kOverload);
    return GST_PAD_PROBE_DROP;
  }
  unit->decode_start = now;
  unit->held_up_before = Clock::duration(path->held_up_);
  path->Count(path->in_decoder_.Entered(unit));
  path->decoding_ = unit;
  path->errors_before_ = DecodeErrorsOfThisThread();
  return GST_PAD_PROBE_OK;
}

/// The decoder says so itself, or has had errors in this very picture.
bool CodedPath::IsBroken(GstBuffer* buffer, const AccessUnit& unit) {
  const bool flagged = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_CORRUPTED) != FALSE;
  const bool errors = DecodeErrorsOfThisThread() != errors_before_;
  if (errors && decoding_ != nullptr && !decoding_->hidden)
    decoding_->hidden = DropReason::kCorrupt;
  return flagged || unit.hidden == DropReason::kCorrupt;
}

GstPadProbeReturn CodedPath::OnDecoderOutput(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* path = static_cast<CodedPath*>(self);
  const GstPadProbeReturn verdict = path->CameOut(info);
  return verdict == GST_PAD_PROBE_OK && path->is_wanted_ ? path->Deliver(info) : verdict;
}

GstPadProbeReturn CodedPath::CameOut(GstPadProbeInfo* info) {
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  AccessUnitPtr unit = AccessUnitOf(buffer);
  if (unit == nullptr) {
    unit = in_decoder_.Find(GST_BUFFER_PTS(buffer));
    if (unit == nullptr) {
      in_decoder_.CameOutUnknown();
      return GST_PAD_PROBE_OK;
    }
    buffer = gst_buffer_make_writable(buffer);
    AttachAccessUnit(buffer, unit);
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
  }
  const InDecoder::Lost lost = in_decoder_.CameOut(*unit);
  const bool broken = IsBroken(buffer, *unit);
  if (broken || lost.silently + lost.broken > 0) admission_.NoteLoss();
  Count(lost);
  // What is hidden for another reason was counted when it came.
  if (broken && unit->hidden.value_or(DropReason::kCorrupt) == DropReason::kCorrupt) {
    Count(DropReason::kCorrupt);
  }
  if (broken || unit->hidden) return GST_PAD_PROBE_DROP;
  unit->decoded_memory = gst_buffer_peek_memory(buffer, 0);
  unit->copied_out = IsCopyOfDecoder(buffer);
  return GST_PAD_PROBE_OK;
}

void CodedPath::NoteCaps(const GstCaps* caps) {
  GstVideoInfo info;
  picture_.reset();
  if (gst_video_info_from_caps(&info, caps) != FALSE) picture_ = info;
}

GstPadProbeReturn CodedPath::OnDecoderEvent(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* path = static_cast<CodedPath*>(self);
  const GstCaps* const caps = CapsOf(GST_PAD_PROBE_INFO_EVENT(info));
  if (caps == nullptr) return GST_PAD_PROBE_OK;
  path->is_wanted_ = gst_caps_is_subset(caps, path->wanted_.get()) != FALSE;
  if (path->is_wanted_) path->NoteCaps(caps);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn CodedPath::OnSinkEvent(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* path = static_cast<CodedPath*>(self);
  const GstCaps* const caps = CapsOf(GST_PAD_PROBE_INFO_EVENT(info));
  if (caps != nullptr && !path->is_wanted_) path->NoteCaps(caps);
  return GST_PAD_PROBE_OK;
}

/// No picture is copied on its way out of the decoder, whether or not it is converted then.
GstPadProbeReturn CodedPath::OnDecoderQuery(GstPad*, GstPadProbeInfo* info, gpointer) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
  OfferPicturePool(query);
  return GST_PAD_PROBE_HANDLED;
}

GstPadProbeReturn CodedPath::OnSinkQuery(GstPad*, GstPadProbeInfo* info, gpointer) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
  gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
  return GST_PAD_PROBE_HANDLED;
}

GstPadProbeReturn CodedPath::OnSinkPicture(GstPad*, GstPadProbeInfo* info, gpointer self) {
  return static_cast<CodedPath*>(self)->Deliver(info);
}

GstPadProbeReturn CodedPath::Deliver(GstPadProbeInfo* info) {
  GstBuffer* const buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  FramePtr frame = FrameOf(buffer, Clock::now());
  // The frame has it, until it is let go of.
  gst_buffer_unref(buffer);
  if (frame == nullptr) {
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_NOT_NEGOTIATED;
    return GST_PAD_PROBE_HANDLED;
  }
  const TimePoint handed_over = Clock::now();
  callbacks_.on_picture(std::move(frame));
  held_up_ += (Clock::now() - handed_over).count();
  return GST_PAD_PROBE_HANDLED;
}

FramePtr CodedPath::FrameOf(GstBuffer* buffer, TimePoint now) {
  if (!picture_) return nullptr;
  const GstVideoInfo& info = *picture_;
  AccessUnitPtr unit = AccessUnitOf(buffer);
  if (unit == nullptr) {
    // A decoder that loses what belongs to a picture: then nothing is known of it.
    unit = std::make_shared<AccessUnit>();
    unit->arrival = unit->decode_start = now;
    unit->held_up_before = Clock::duration(held_up_);
    unit->pts = GST_BUFFER_PTS(buffer);
    unit->decoded_memory = gst_buffer_peek_memory(buffer, 0);
  }
  // Being held up is waiting, not decoding.
  const Clock::duration held_up = Clock::duration(held_up_) - unit->held_up_before;

  auto frame = std::make_unique<Frame>();
  frame->trace = FrameTrace(unit->arrival);
  frame->trace.Record(kDecodeStage, unit->decode_start + held_up, now);
  frame->result.tag = unit->tag;
  frame->result.captured_at_ms = unit->captured_at_ms;
  frame->result.way_ms = unit->way_ms;
  if (unit->pts_ms) {
    frame->result.pts_ms = *unit->pts_ms;
  } else if (GST_CLOCK_TIME_IS_VALID(unit->pts)) {
    frame->result.pts_ms = static_cast<double>(unit->pts) / GST_MSECOND;
  }
  if (unit->copied_out) frame->copies.Add(Link::kDecoderToSurface, GST_VIDEO_INFO_SIZE(&info));
  if (unit->decoded_memory != gst_buffer_peek_memory(buffer, 0)) {
    frame->copies.Add(Link::kDecoderToSurface, GST_VIDEO_INFO_SIZE(&info));
  }
  frame->surface = SurfaceOf(buffer, info, *unit, rotation_, in_nvmm_);
  if (frame->surface == nullptr && in_nvmm_ != nullptr) {
    callbacks_.on_other_memory();
    callbacks_.on_error(Status::Error(
        ErrorCode::kNativeLoad,
        "Expected pictures of the decoder in DMA-BUFs but got others in memory:NVMM"));
  }
  if (frame->surface == nullptr) return nullptr;
  frame->result.size = frame->surface->ShownSize();
  return frame;
}

}  // namespace jetfleet
