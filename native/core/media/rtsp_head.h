#pragma once

#include <gio/gio.h>
#include <gst/rtsp/gstrtspmessage.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>

#include "core/media/capture_clock.h"
#include "core/media/gst_ptr.h"
#include "core/media/head.h"
#include "core/media/rtp_packet.h"
#include "core/media/rtp_timeline.h"
#include "core/media/source_meter.h"
#include "core/media/track_choice.h"

namespace jetfleet {

/// Reads a camera: rtspsrc ! depayloader. Sender reports give the time each picture was taken.
class RtspHead final : public Head {
 public:
  struct Options {
    SourceUri uri;
    const CodecRow* codec = nullptr;
    Transport transport = Transport::kTcp;
    TlsTrust tls;
    std::chrono::milliseconds timeout{5000};
  };
  RtspHead(const Options& options, SourceMeter* meter, Callbacks callbacks);

  Status Build(GstBin* bin, GstElement* parser) override;
  Status Explain(GstMessage* error) override;
  PictureTimes TimesOf(GstClockTime pts) override;
  Status Verdict() override;
  bool receives() const override { return receives_; }
  bool plays() const override { return plays_; }
  void KeepAlive() override;
  void OnProgress(GstMessage* message) override;

 private:
  struct Stamp {
    GstClockTime pts;
    std::uint32_t rtp_time;
    double pts_ms;
  };

  Status Configure();
  Status TrustCaFile();
  void OnReport(GstStructure* report);
  void CountRequest(GstRTSPMethod method);
  void NotePacket(GstBuffer* buffer);
  /// When the picture that the packet belongs to is to be shown.
  GstClockTime Stamped(const RtpPacket& packet, GstClockTime pts);

  static gboolean OnBeforeSend(GstElement* source, GstRTSPMessage* message, gpointer self);
  static gboolean OnSelectStream(GstElement* source, guint number, GstCaps* caps, gpointer self);
  static void OnPadAdded(GstElement* source, GstPad* pad, gpointer self);
  static void OnManager(GstElement* source, GstElement* manager, gpointer self);
  static void OnJitterBuffer(GstElement* manager, GstElement* buffer, guint session, guint ssrc,
                             gpointer self);
  static void OnSync(GstElement* buffer, GstStructure* report, gpointer self);
  static gboolean OnCertificate(GstElement* source, GTlsConnection* connection,
                                GTlsCertificate* certificate, GTlsCertificateFlags errors,
                                gpointer self);
  static GstPadProbeReturn OnPacket(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnPacketEvent(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  const Options options_;
  SourceMeter* const meter_;
  const Callbacks callbacks_;
  // Owned by the bin.
  GstElement* source_ = nullptr;
  GstElement* depay_ = nullptr;

  std::atomic<bool> receives_{false};
  std::atomic<bool> plays_{false};
  std::atomic<bool> certificate_refused_{false};
  /// Asked for a description so far. Of rtspsrc's thread only.
  int questions_ = 0;
  mutable std::mutex mutex_;
  TrackChoice choice_;
  CaptureClock clock_;
  RtpTimeline timeline_;
  bool clock_told_ = false;
  /// Of the latest packets, one for each picture.
  std::deque<Stamp> stamps_;
  /// Of the latest picture of which some has come. Of the thread that receives only.
  std::optional<std::uint32_t> arrived_;
};

}  // namespace jetfleet
