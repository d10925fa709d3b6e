#include "core/media/media_pipeline.h"

#include <algorithm>
#include <utility>

#include "core/media/device_head.h"
#include "core/media/file_head.h"
#include "core/media/gst_error.h"
#include "core/media/rtsp_head.h"

namespace jetfleet {
namespace {

/// A container's length may count the last picture and the end of other tracks.
constexpr double kSlackMs = 1000;
constexpr double kSlackPart = 0.1;

}  // namespace

void EnsureGstInit() {
  static const bool done = [] {
    gst_init(nullptr, nullptr);
    return true;
  }();
  (void)done;
}

Status MediaPipeline::Open(const Options& options, SourceMeter* meter, Callbacks callbacks,
                           std::unique_ptr<MediaPipeline>* pipeline) {
  EnsureGstInit();
  std::unique_ptr<MediaPipeline> made(new MediaPipeline(options, meter, std::move(callbacks)));
  const Status status = made->Build();
  if (!status.ok()) return status;
  GstElement* element = made->pipeline_.get();
  // The caller must hold it before its threads call back.
  *pipeline = std::move(made);
  // A failure is also posted on the bus, with its reason; that one is reported.
  gst_element_set_state(element, GST_STATE_PLAYING);
  return Status::Ok();
}

MediaPipeline::MediaPipeline(const Options& options, SourceMeter* meter, Callbacks callbacks)
    : options_(options),
      callbacks_(std::move(callbacks)),
      path_(
          {options.uri.live, options.realtime, options.uri.kind == SourceKind::kRtsp, options.nvmm},
          meter,
          {[this](FramePtr frame) { OnPicture(std::move(frame)); }, callbacks_.on_coded,
           callbacks_.on_warning, callbacks_.on_end, callbacks_.on_other_memory,
           [this](GstClockTime pts) { return head_->TimesOf(pts); }}),
      head_(MakeHead(meter)),
      pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))) {}

MediaPipeline::~MediaPipeline() {
  // Waits for all streaming threads, so no callback is under way afterwards.
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  if (end_) path_.CountWhatIsLeft(*end_);
  GstPtr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr);
}

std::unique_ptr<Head> MediaPipeline::MakeHead(SourceMeter* meter) {
  const Head::Callbacks callbacks{callbacks_.on_end, callbacks_.on_warning,
                                  callbacks_.on_other_codec, [this] { path_.NoteLoss(); },
                                  [this](GstClockTime pts) { path_.NoteArrival(pts); }};
  switch (options_.uri.kind) {
    case SourceKind::kFile:
      return std::make_unique<FileHead>(options_.uri, *options_.codec, callbacks);
    case SourceKind::kRtsp:
      return std::make_unique<RtspHead>(
          RtspHead::Options{options_.uri, options_.codec, options_.transport, options_.tls,
                            options_.timeout},
          meter, callbacks);
    case SourceKind::kV4l2:
    case SourceKind::kCsi:
    case SourceKind::kTest:
      break;
  }
  return std::make_unique<DeviceHead>(options_.uri);
}

Status MediaPipeline::Build() {
  GstBin* bin = GST_BIN(pipeline_.get());
  Status status = head_->Check();
  if (status.ok()) status = path_.Build(*options_.codec, bin);
  if (status.ok()) status = head_->Build(bin, path_.parser());
  if (!status.ok()) return status;
  GstPtr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), OnBusMessage, this, nullptr);
  return Status::Ok();
}

void MediaPipeline::OnPicture(FramePtr frame) {
  const double pts_ms = std::max(frame->result.pts_ms, last_pts_ms_.load());
  if (last_pts_ms_ >= 0) last_gap_ms_ = pts_ms - last_pts_ms_;
  last_pts_ms_ = pts_ms;
  callbacks_.on_picture(std::move(frame));
}

GstBusSyncReply MediaPipeline::OnBusMessage(GstBus*, GstMessage* message, gpointer self) {
  static_cast<MediaPipeline*>(self)->OnMessage(message);
  gst_message_unref(message);
  return GST_BUS_DROP;
}

void MediaPipeline::OnMessage(GstMessage* message) {
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_EOS:
      return callbacks_.on_end(EndOfStream());
    case GST_MESSAGE_ERROR:
      return callbacks_.on_end(head_->Explain(message));
    case GST_MESSAGE_WARNING:
      return callbacks_.on_warning(StatusOfWarningMessage(message, options_.uri));
    case GST_MESSAGE_PROGRESS:
      return head_->OnProgress(message);
    default:
      return;
  }
}

Status MediaPipeline::EndOfStream() {
  const Status verdict = head_->Verdict();
  if (!verdict.ok()) return verdict;
  const std::optional<GstClockTime> duration = head_->Duration();
  if (!duration || last_pts_ms_ < 0) return Status::Ok();
  const double expected = static_cast<double>(*duration) / GST_MSECOND;
  const double slack = std::max(kSlackMs + last_gap_ms_, expected * kSlackPart);
  if (last_pts_ms_ >= expected - slack) return Status::Ok();
  return Status::Error(ErrorCode::kSourceTruncated,
                       "Expected " + std::to_string(static_cast<int>(expected / 1000)) +
                           " s of video but " + options_.uri.shown + " ends after " +
                           std::to_string(static_cast<int>(last_pts_ms_ / 1000)) + " s");
}

}  // namespace jetfleet
