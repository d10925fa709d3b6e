#include "core/media/rtsp_head.h"

#include <algorithm>
#include <utility>

#include "core/media/elements.h"
#include "core/media/gst_error.h"

namespace jetfleet {
namespace {

/// Reordering time allowed to UDP. In-order packets pass at once.
constexpr int kJitterLatencyMs = 200;
/// RFC 6184, 8.2.1.
constexpr int kVideoClockRate = 90'000;
/// Pictures whose packets are on their way from the depayloader to the parser's end.
constexpr std::size_t kStamps = 128;
/// Five redirects, each place asked twice (first without the log-in) what it can do and what it
/// has. rtspsrc follows redirects without end; of log-ins it has enough by itself.
constexpr int kMostQuestions = 24;
constexpr double kHourMs = 3'600'000;

std::string TextField(const GstStructure* structure, const char* field) {
  const gchar* text = gst_structure_get_string(structure, field);
  return text == nullptr ? "" : text;
}

std::string Apart(double milliseconds) {
  const double seconds = std::abs(milliseconds) / 1000;
  const std::string unit = std::abs(milliseconds) > kHourMs ? " h" : " s";
  const double value = std::abs(milliseconds) > kHourMs ? seconds / 3600 : seconds;
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  return std::string(g_ascii_formatd(text, sizeof text, "%.1f", value)) + unit;
}

}  // namespace

RtspHead::RtspHead(const Options& options, SourceMeter* meter, Callbacks callbacks)
    : options_(options),
      meter_(meter),
      callbacks_(std::move(callbacks)),
      choice_(*options.codec),
      clock_(kVideoClockRate),
      timeline_(kVideoClockRate) {}

Status RtspHead::Build(GstBin* bin, GstElement* parser) {
  Status status = MakeElementIn(bin, "rtspsrc", &source_);
  if (status.ok()) status = MakeElementIn(bin, options_.codec->depayloader, &depay_);
  // What rtspsrc makes itself, and tells of in no words of its own.
  if (status.ok()) status = RequireElement("rtpbin");
  if (status.ok() && options_.transport == Transport::kUdp) status = RequireElement("udpsrc");
  if (status.ok()) status = Configure();
  if (!status.ok()) return status;
  const GstPtr<GstPad> packets(gst_element_get_static_pad(depay_, "sink"));
  gst_pad_add_probe(packets.get(), GST_PAD_PROBE_TYPE_BUFFER, OnPacket, this, nullptr);
  gst_pad_add_probe(packets.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, OnPacketEvent, this,
                    nullptr);
  if (gst_element_link(depay_, parser) == FALSE) {
    return Status::Error(ErrorCode::kInternal, "Cannot link the depayloader to the parser");
  }
  return Status::Ok();
}

Status RtspHead::Configure() {
  const auto timeout_us =
      std::chrono::duration_cast<std::chrono::microseconds>(options_.timeout).count();
  // As texts, for the types of some of these properties differ between GStreamer versions.
  SetIfPresent(source_, "protocols", options_.transport == Transport::kTcp ? "tcp" : "udp");
  SetIfPresent(source_, "tcp-timeout", std::to_string(timeout_us));
  // Falling back to TCP is decided by the source, which says so.
  SetIfPresent(source_, "timeout", "0");
  SetIfPresent(source_, "latency", std::to_string(kJitterLatencyMs));
  // A packet that is dropped here breaks every picture up to the next key picture. Nothing behind
  // ever blocks, so nothing piles up.
  SetIfPresent(source_, "drop-on-latency", "false");
  g_object_set(source_, "location", options_.uri.location.c_str(), nullptr);
  if (!options_.uri.user.empty()) {
    g_object_set(source_, "user-id", options_.uri.user.c_str(), "user-pw",
                 options_.uri.password.c_str(), nullptr);
  }
  g_signal_connect(source_, "before-send", G_CALLBACK(OnBeforeSend), this);
  g_signal_connect(source_, "select-stream", G_CALLBACK(OnSelectStream), this);
  g_signal_connect(source_, "pad-added", G_CALLBACK(OnPadAdded), this);
  g_signal_connect(source_, "new-manager", G_CALLBACK(OnManager), this);
  g_signal_connect(source_, "accept-certificate", G_CALLBACK(OnCertificate), this);
  return options_.tls.ca_file.empty() ? Status::Ok() : TrustCaFile();
}

Status RtspHead::TrustCaFile() {
  GTlsDatabase* database = nullptr;
  const Status status = OpenAuthorities(options_.tls, &database);
  if (!status.ok()) return status;
  g_object_set(source_, "tls-database", database, nullptr);
  g_object_unref(database);
  return Status::Ok();
}

/// Called only for certificates that no authority vouches for.
gboolean RtspHead::OnCertificate(GstElement*, GTlsConnection*, GTlsCertificate* certificate,
                                 GTlsCertificateFlags, gpointer self) {
  auto* head = static_cast<RtspHead*>(self);
  const std::string& expected = head->options_.tls.fingerprint;
  const std::string got = FingerprintOf(certificate);
  if (!expected.empty() && got == expected) return TRUE;
  head->certificate_refused_ = true;
  const std::string wanted = expected.empty() ? "a certificate that a known authority vouches for"
                                              : "the fingerprint " + expected;
  head->callbacks_.on_error(Status::Error(
      ErrorCode::kSourceTls, "Expected " + wanted + " but " + head->options_.uri.shown +
                                 " shows one with the fingerprint " + got));
  return FALSE;
}

gboolean RtspHead::OnBeforeSend(GstElement*, GstRTSPMessage* message, gpointer self) {
  if (message->type == GST_RTSP_MESSAGE_REQUEST) {
    static_cast<RtspHead*>(self)->CountRequest(message->type_data.request.method);
  }
  // Never withheld: rtspsrc would read an answer that is not there. The source closes it.
  return TRUE;
}

void RtspHead::CountRequest(GstRTSPMethod method) {
  const bool asks = method == GST_RTSP_OPTIONS || method == GST_RTSP_DESCRIBE;
  if (plays_ || !asks || ++questions_ != kMostQuestions + 1) return;
  callbacks_.on_error(Status::Error(
      ErrorCode::kSourceRedirect, "The source " + options_.uri.shown +
                                      " redirects without end: " + std::to_string(kMostQuestions) +
                                      " requests led to no stream"));
}

/// Refuses what is not read before it is even sent.
gboolean RtspHead::OnSelectStream(GstElement*, guint, GstCaps* caps, gpointer self) {
  auto* head = static_cast<RtspHead*>(self);
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const std::string encoding = TextField(structure, "encoding-name");
  const std::lock_guard<std::mutex> lock(head->mutex_);
  return head->choice_.Offer(TextField(structure, "media"), encoding, CodecByRtpName(encoding))
             ? TRUE
             : FALSE;
}

void RtspHead::OnPadAdded(GstElement*, GstPad* pad, gpointer self) {
  auto* head = static_cast<RtspHead*>(self);
  const GstPtr<GstPad> target(gst_element_get_static_pad(head->depay_, "sink"));
  if (gst_pad_is_linked(target.get()) != FALSE) return;
  if (gst_pad_link(pad, target.get()) == GST_PAD_LINK_OK) return;
  head->callbacks_.on_error(Status::Error(
      ErrorCode::kSourceFormat, "Cannot unpack the video of " + head->options_.uri.shown));
}

void RtspHead::OnManager(GstElement*, GstElement* manager, gpointer self) {
  g_signal_connect(manager, "new-jitterbuffer", G_CALLBACK(OnJitterBuffer), self);
}

void RtspHead::OnJitterBuffer(GstElement*, GstElement* buffer, guint, guint, gpointer self) {
  g_signal_connect(buffer, "handle-sync", G_CALLBACK(OnSync), self);
}

void RtspHead::OnSync(GstElement*, GstStructure* report, gpointer self) {
  static_cast<RtspHead*>(self)->OnReport(report);
}

void RtspHead::OnReport(GstStructure* report) {
  GstBuffer* packet = nullptr;
  if (gst_structure_get(report, "sr-buffer", GST_TYPE_BUFFER, &packet, nullptr) == FALSE) return;
  GstMapInfo map;
  std::optional<SenderReport> parsed;
  if (gst_buffer_map(packet, &map, GST_MAP_READ) != FALSE) {
    parsed = ParseSenderReport(map.data, map.size);
    gst_buffer_unmap(packet, &map);
  }
  gst_buffer_unref(packet);
  if (!parsed) return;
  double offset = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    clock_.OnReport(*parsed, WallClockMs());
    offset = clock_.offset_ms().value_or(0);
    meter_->SetClockOffset(offset);
    if (!clock_.disagrees() || std::exchange(clock_told_, true)) return;
  }
  callbacks_.on_warning(
      Status::Error(ErrorCode::kSourceClock,
                    "The clock of " + options_.uri.shown + " is " + Apart(offset) +
                        (offset > 0 ? " behind" : " ahead of") +
                        " this device's, so the times its pictures were taken are not told"));
}

void RtspHead::NotePacket(GstBuffer* buffer) {
  receives_ = true;
  GstMapInfo map;
  if (!GST_BUFFER_PTS_IS_VALID(buffer) || gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) {
    return;
  }
  const auto packet = ParseRtpPacket(map.data, map.size, options_.codec->rtp_name);
  gst_buffer_unmap(buffer, &map);
  if (!packet) return;
  const GstClockTime pts = Stamped(*packet, GST_BUFFER_PTS(buffer));
  if (!packet->has_picture || arrived_ == packet->time) return;
  arrived_ = packet->time;
  callbacks_.on_arrival(pts);
}

GstClockTime RtspHead::Stamped(const RtpPacket& packet, GstClockTime pts) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!stamps_.empty() && stamps_.back().rtp_time == packet.time) return stamps_.back().pts;
  const double pts_ms = static_cast<double>(pts) / GST_MSECOND;
  stamps_.push_back({pts, packet.time, timeline_.Add(packet.time, pts_ms)});
  if (stamps_.size() > kStamps) stamps_.pop_front();
  return pts;
}

GstPadProbeReturn RtspHead::OnPacket(GstPad*, GstPadProbeInfo* info, gpointer self) {
  static_cast<RtspHead*>(self)->NotePacket(GST_PAD_PROBE_INFO_BUFFER(info));
  return GST_PAD_PROBE_OK;
}

/// The jitter buffer tells of packets that never came.
GstPadProbeReturn RtspHead::OnPacketEvent(GstPad*, GstPadProbeInfo* info, gpointer self) {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  const GstStructure* structure = gst_event_get_structure(event);
  if (structure != nullptr && gst_structure_has_name(structure, "GstRTPPacketLost") != FALSE) {
    static_cast<RtspHead*>(self)->callbacks_.on_loss();
  }
  return GST_PAD_PROBE_OK;
}

PictureTimes RtspHead::TimesOf(GstClockTime pts) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = std::find_if(stamps_.rbegin(), stamps_.rend(),
                                  [pts](const Stamp& stamp) { return stamp.pts == pts; });
  if (found == stamps_.rend()) return {};
  return {found->pts_ms, clock_.CapturedAtMs(found->rtp_time)};
}

Status RtspHead::Verdict() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (choice_.instead() != nullptr) callbacks_.on_other_codec(*choice_.instead());
  return choice_.Verdict(options_.uri.shown);
}

Status RtspHead::Explain(GstMessage* error) {
  const Status status = StatusOfErrorMessage(error, options_.uri);
  if (certificate_refused_) {
    return Status::Error(ErrorCode::kSourceTls,
                         "The certificate of " + options_.uri.shown + " is not trusted");
  }
  const bool refused = status.code == ErrorCode::kSourceFormat || IsEmptyDescription(error);
  if (!refused || receives_) return status;
  // "No supported stream": none was wanted, or the one that was is refused as we ask for it.
  const Status verdict = Verdict();
  if (!verdict.ok()) return verdict;
  return Status::Error(ErrorCode::kSourceTransport,
                       options_.uri.shown + " does not send over " +
                           (options_.transport == Transport::kTcp ? "TCP" : "UDP"));
}

void RtspHead::OnProgress(GstMessage* message) {
  GstProgressType type = GST_PROGRESS_TYPE_START;
  gchar* raw = nullptr;
  gst_message_parse_progress(message, &type, &raw, nullptr);
  const GstPtr<gchar> code(raw);
  if (type == GST_PROGRESS_TYPE_COMPLETE && g_strcmp0(raw, "request") == 0) plays_ = true;
}

/// While packets flow over TCP, rtspsrc sends none by itself. Its action is newer than 1.14;
/// before, the receiver reports must do.
void RtspHead::KeepAlive() {
  if (options_.transport != Transport::kTcp || !receives_) return;
  if (g_signal_lookup("get-parameters", G_OBJECT_TYPE(source_)) == 0) return;
  const gchar* const none[] = {nullptr};
  gboolean sent = FALSE;
  GstPromise* promise = gst_promise_new();
  g_signal_emit_by_name(source_, "get-parameters", none, nullptr, promise, &sent);
  gst_promise_unref(promise);
}

}  // namespace jetfleet
