#include "core/media/media_pipeline.h"

#include <utility>

#include "core/media/gst_error.h"
#include "core/media/gst_surface.h"

namespace jetfleet {
namespace {

/// Reordering time allowed to UDP. In-order packets pass at once.
constexpr int kJitterLatencyMs = 200;

constexpr char kParsedCaps[] =
    "video/x-h264,stream-format=(string)byte-stream,alignment=(string)au";

GstPtr<GstPad> PadOf(GstElement* element, const char* name) {
  return GstPtr<GstPad>(gst_element_get_static_pad(element, name));
}

std::string TextField(const GstStructure* structure, const char* field) {
  const gchar* text = gst_structure_get_string(structure, field);
  return text == nullptr ? "" : text;
}

}  // namespace

void EnsureGstInit() {
  static const bool done = [] {
    gst_init(nullptr, nullptr);
    return true;
  }();
  (void)done;
}

Status MediaPipeline::Open(const Options& options, FrameLog* log, OnPicture on_picture,
                           OnEnd on_end, std::unique_ptr<MediaPipeline>* pipeline) {
  EnsureGstInit();
  std::unique_ptr<MediaPipeline> made(
      new MediaPipeline(options, log, std::move(on_picture), std::move(on_end)));
  const Status status = made->Build();
  if (!status.ok()) return status;
  // A failure is also posted on the bus, with its reason; that one is reported.
  gst_element_set_state(made->pipeline_.get(), GST_STATE_PLAYING);
  *pipeline = std::move(made);
  return Status::Ok();
}

MediaPipeline::MediaPipeline(const Options& options, FrameLog* log, OnPicture on_picture,
                             OnEnd on_end)
    : options_(options),
      log_(log),
      on_picture_(std::move(on_picture)),
      on_end_(std::move(on_end)),
      pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))) {}

MediaPipeline::~MediaPipeline() {
  // Waits for all streaming threads, so no callback is under way afterwards.
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  GstPtr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr);
}

Status MediaPipeline::Build() {
  Status status = BuildTail();
  if (status.ok()) status = options_.uri.live ? BuildRtspHead() : BuildFileHead();
  if (status.ok()) Watch();
  return status;
}

Status MediaPipeline::Add(const char* factory, GstElement** element) {
  *element = gst_element_factory_make(factory, nullptr);
  if (*element == nullptr) {
    return Status::Error(ErrorCode::kNativeLoad, std::string("Expected the GStreamer element ") +
                                                     factory + " but it is not installed");
  }
  gst_bin_add(GST_BIN(pipeline_.get()), *element);
  return Status::Ok();
}

Status MediaPipeline::BuildTail() {
  const DecoderChoice* choice = nullptr;
  Status status = ChooseDecoder(&choice);
  GstElement* pacer = nullptr;
  GstElement* queue = nullptr;
  GstElement* converter = nullptr;
  if (status.ok()) status = Add("h264parse", &parser_);
  if (status.ok()) status = Add("identity", &pacer);
  if (status.ok()) status = Add("queue", &queue);
  if (status.ok()) status = Add(choice->decoder, &decoder_);
  if (status.ok()) status = Add(choice->converter, &converter);
  if (status.ok()) status = Add("appsink", &sink_);
  if (!status.ok()) return status;

  g_object_set(pacer, "sync", options_.realtime ? TRUE : FALSE, nullptr);
  // Encoded pictures are never dropped: everything up to the next key frame would be broken.
  g_object_set(queue, "max-size-buffers", kDecodeQueueCapacity, "max-size-bytes", 0,
               "max-size-time", guint64{0}, nullptr);
  ConfigureDecoder(decoder_);
  const GstPtr<GstCaps> caps(gst_caps_from_string(choice->caps));
  // Pictures leave at once: pacing, queues and drops are our own.
  g_object_set(sink_, "caps", caps.get(), "sync", FALSE, "qos", FALSE, "enable-last-sample", FALSE,
               "max-buffers", 1, nullptr);

  const GstPtr<GstCaps> parsed(gst_caps_from_string(kParsedCaps));
  const bool linked =
      gst_element_link_filtered(parser_, pacer, parsed.get()) != FALSE &&
      gst_element_link_many(pacer, queue, decoder_, converter, sink_, nullptr) != FALSE;
  if (!linked) {
    return Status::Error(ErrorCode::kInternal,
                         std::string("Cannot link GStreamer elements around ") + choice->decoder);
  }
  gst_pad_add_probe(PadOf(pacer, "src").get(), GST_PAD_PROBE_TYPE_BUFFER, OnParsed, this, nullptr);
  return Status::Ok();
}

Status MediaPipeline::BuildRtspHead() {
  GstElement* source = nullptr;
  Status status = Add("rtspsrc", &source);
  if (status.ok()) status = Add("rtph264depay", &depay_);
  if (!status.ok()) return status;

  const auto timeout_us =
      std::chrono::duration_cast<std::chrono::microseconds>(options_.timeout).count();
  // As strings, for the types of these properties differ between GStreamer versions.
  gst_util_set_object_arg(G_OBJECT(source), "protocols",
                          options_.transport == Transport::kTcp ? "tcp" : "udp");
  gst_util_set_object_arg(G_OBJECT(source), "tcp-timeout", std::to_string(timeout_us).c_str());
  g_object_set(source, "location", options_.uri.location.c_str(), "latency", kJitterLatencyMs,
               "drop-on-latency", TRUE, nullptr);
  if (!options_.uri.user.empty()) {
    g_object_set(source, "user-id", options_.uri.user.c_str(), "user-pw",
                 options_.uri.password.c_str(), nullptr);
  }
  g_signal_connect(source, "select-stream", G_CALLBACK(OnSelectStream), this);
  g_signal_connect(source, "pad-added", G_CALLBACK(OnPadAdded), this);
  if (gst_element_link(depay_, parser_) == FALSE) {
    return Status::Error(ErrorCode::kInternal, "Cannot link rtph264depay to h264parse");
  }
  return Status::Ok();
}

Status MediaPipeline::BuildFileHead() {
  GstElement* source = nullptr;
  GstElement* demuxer = nullptr;
  Status status = Add("filesrc", &source);
  if (status.ok()) status = Add("parsebin", &demuxer);
  if (!status.ok()) return status;
  g_object_set(source, "location", options_.uri.location.c_str(), nullptr);
  g_signal_connect(demuxer, "pad-added", G_CALLBACK(OnPadAdded), this);
  if (gst_element_link(source, demuxer) == FALSE) {
    return Status::Error(ErrorCode::kInternal, "Cannot link filesrc to parsebin");
  }
  return Status::Ok();
}

void MediaPipeline::Watch() {
  gst_pad_add_probe(PadOf(decoder_, "sink").get(), GST_PAD_PROBE_TYPE_BUFFER, OnDecoderInput, this,
                    nullptr);
  gst_pad_add_probe(PadOf(decoder_, "src").get(), GST_PAD_PROBE_TYPE_BUFFER, OnDecoderOutput, this,
                    nullptr);
  gst_pad_add_probe(PadOf(sink_, "sink").get(), GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, OnSinkQuery,
                    this, nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = OnNewSample;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink_), &callbacks, this, nullptr);
  GstPtr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), OnBusMessage, this, nullptr);
}

GstBusSyncReply MediaPipeline::OnBusMessage(GstBus*, GstMessage* message, gpointer self) {
  auto* pipeline = static_cast<MediaPipeline*>(self);
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
    pipeline->on_end_(Status::Ok());
  } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    pipeline->on_end_(StatusOfErrorMessage(message, pipeline->options_.uri));
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

/// Refuses audio and metadata before they are even sent.
gboolean MediaPipeline::OnSelectStream(GstElement*, guint, GstCaps* caps, gpointer self) {
  auto* pipeline = static_cast<MediaPipeline*>(self);
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  if (TextField(structure, "media") != "video") return FALSE;
  const std::string encoding = TextField(structure, "encoding-name");
  if (encoding == "H264") return TRUE;
  pipeline->on_end_(Status::Error(
      ErrorCode::kSourceFormat,
      "Expected H264 video but got " + encoding + " from " + pipeline->options_.uri.shown));
  return FALSE;
}

void MediaPipeline::OnPadAdded(GstElement*, GstPad* pad, gpointer self) {
  static_cast<MediaPipeline*>(self)->LinkVideo(pad);
}

void MediaPipeline::LinkVideo(GstPad* pad) {
  const GstPtr<GstPad> target = PadOf(depay_ != nullptr ? depay_ : parser_, "sink");
  if (gst_pad_is_linked(target.get()) != FALSE) return;
  GstPtr<GstCaps> caps(gst_pad_get_current_caps(pad));
  if (caps == nullptr) caps.reset(gst_pad_query_caps(pad, nullptr));
  const std::string type = gst_structure_get_name(gst_caps_get_structure(caps.get(), 0));
  if (type == "video/x-h264" || type == "application/x-rtp") {
    if (gst_pad_link(pad, target.get()) == GST_PAD_LINK_OK) return;
  } else if (type.rfind("video/", 0) != 0) {
    return;  // sound or subtitles beside the video
  }
  on_end_(Status::Error(ErrorCode::kSourceFormat,
                        "Expected H.264 video but got " + type + " from " + options_.uri.shown));
}

GstPadProbeReturn MediaPipeline::OnParsed(GstPad*, GstPadProbeInfo* info, gpointer self) {
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  GstMapInfo map;
  if (!GST_BUFFER_PTS_IS_VALID(buffer) || gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) {
    return GST_PAD_PROBE_OK;
  }
  static_cast<MediaPipeline*>(self)->log_->Arrived(GST_BUFFER_PTS(buffer), Clock::now(),
                                                   ParseFrameTag(map.data, map.size));
  gst_buffer_unmap(buffer, &map);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn MediaPipeline::OnDecoderInput(GstPad*, GstPadProbeInfo* info, gpointer self) {
  const GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  auto* pipeline = static_cast<MediaPipeline*>(self);
  pipeline->log_->DecodeStarted(GST_BUFFER_PTS(buffer), Clock::now(),
                                Clock::duration(pipeline->held_up_));
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn MediaPipeline::OnDecoderOutput(GstPad*, GstPadProbeInfo* info, gpointer self) {
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  static_cast<MediaPipeline*>(self)->log_->Decoded(GST_BUFFER_PTS(buffer),
                                                   gst_buffer_peek_memory(buffer, 0));
  return GST_PAD_PROBE_OK;
}

/// Says that strides and offsets of any kind are understood. Without it libav decodes into memory
/// of its own and copies each picture into a tightly packed buffer.
GstPadProbeReturn MediaPipeline::OnSinkQuery(GstPad*, GstPadProbeInfo* info, gpointer) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
  gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
  return GST_PAD_PROBE_HANDLED;
}

GstFlowReturn MediaPipeline::OnNewSample(GstAppSink* sink, gpointer self) {
  GstPtr<GstSample> sample(gst_app_sink_pull_sample(sink));
  if (sample == nullptr) return GST_FLOW_EOS;
  auto* pipeline = static_cast<MediaPipeline*>(self);
  FramePtr frame = pipeline->FrameOf(std::move(sample), Clock::now());
  if (frame == nullptr) return GST_FLOW_NOT_NEGOTIATED;
  const TimePoint handed_over = Clock::now();
  pipeline->on_picture_(std::move(frame));
  pipeline->held_up_ += (Clock::now() - handed_over).count();
  return GST_FLOW_OK;
}

FramePtr MediaPipeline::FrameOf(GstPtr<GstSample> sample, TimePoint now) {
  GstVideoInfo info;
  if (gst_video_info_from_caps(&info, gst_sample_get_caps(sample.get())) == FALSE) return nullptr;
  GstBuffer* buffer = gst_sample_get_buffer(sample.get());
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  AccessUnit unknown;
  unknown.arrival = unknown.decode_start = now;
  unknown.held_up_before = Clock::duration(held_up_);
  unknown.decoded_memory = gst_buffer_peek_memory(buffer, 0);
  const AccessUnit unit = log_->Take(pts).value_or(unknown);
  // Being held up is waiting, not decoding.
  const Clock::duration held_up = Clock::duration(held_up_) - unit.held_up_before;

  auto frame = std::make_unique<Frame>();
  frame->trace = FrameTrace(unit.arrival);
  frame->trace.Record(kDecodeStage, unit.decode_start + held_up, now);
  frame->result.tag = unit.tag;
  if (GST_CLOCK_TIME_IS_VALID(pts)) frame->result.pts_ms = static_cast<double>(pts) / GST_MSECOND;
  if (unit.decoded_memory != gst_buffer_peek_memory(buffer, 0)) {
    frame->copies.Add(Link::kDecoderToSurface, GST_VIDEO_INFO_SIZE(&info));
  }
  frame->surface = SurfaceOf(std::move(sample), info);
  if (frame->surface == nullptr) return nullptr;
  frame->result.size = frame->surface->ShownSize();
  return frame;
}

}  // namespace jetfleet
