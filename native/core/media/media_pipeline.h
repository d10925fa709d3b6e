#pragma once

#include <gst/gst.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "core/frame.h"
#include "core/media/coded_path.h"
#include "core/media/gst_ptr.h"
#include "core/media/head.h"
#include "core/media/source_meter.h"
#include "core/media/source_uri.h"
#include "core/status.h"

namespace jetfleet {

/// One opened source: a GStreamer pipeline from the network or a file to decoded pictures. A head
/// for its kind of source feeds the coded path, which is the same for all.
///
/// Threads: `on_picture` is called by the decoder's thread, all others by any. None is called once
/// the object is destroyed.
class MediaPipeline {
 public:
  struct Options {
    SourceUri uri;
    /// Of the track that is read.
    const CodecRow* codec = nullptr;
    Transport transport = Transport::kTcp;
    TlsTrust tls;
    /// Files: pictures come at the pace of their time stamps instead of as fast as they are taken.
    bool realtime = false;
    std::chrono::milliseconds timeout{5000};
    /// As CodedPath's.
    std::shared_ptr<const NvmmPictures> nvmm;
  };
  struct Callbacks {
    /// The frame holds picture, tag, trace up to decode, and the presentation time as `pts_ms`.
    std::function<void(FramePtr)> on_picture;
    /// A coded picture came, whether or not it can be decoded.
    std::function<void()> on_coded;
    /// Ok: the end of the stream. Otherwise what went wrong. May be called more than once.
    std::function<void(const Status&)> on_end;
    std::function<void(const Status&)> on_warning;
    /// As Head's.
    std::function<void(const CodecRow&)> on_other_codec;
    /// As CodedPath's.
    std::function<void()> on_other_memory;
  };

  static Status Open(const Options& options, SourceMeter* meter, Callbacks callbacks,
                     std::unique_ptr<MediaPipeline>* pipeline);
  ~MediaPipeline();
  MediaPipeline(const MediaPipeline&) = delete;
  MediaPipeline& operator=(const MediaPipeline&) = delete;

  const Head& head() const { return *head_; }
  void KeepAlive() { head_->KeepAlive(); }
  /// It ended by itself: what is on its way when it is destroyed is lost, and counted so.
  void CountWhatIsLeft(const Status& end) { end_ = end; }

 private:
  MediaPipeline(const Options& options, SourceMeter* meter, Callbacks callbacks);

  std::unique_ptr<Head> MakeHead(SourceMeter* meter);
  Status Build();
  void OnMessage(GstMessage* message);
  /// What the end of the stream means: whether it came too early.
  Status EndOfStream();
  void OnPicture(FramePtr frame);

  static GstBusSyncReply OnBusMessage(GstBus* bus, GstMessage* message, gpointer self);

  const Options options_;
  const Callbacks callbacks_;
  CodedPath path_;
  std::unique_ptr<Head> head_;
  std::optional<Status> end_;
  // Written by the decoder's thread.
  std::atomic<double> last_pts_ms_{-1};
  std::atomic<double> last_gap_ms_{0};
  // Destroyed first: its threads use all of the above.
  GstPtr<GstElement> pipeline_;
};

}  // namespace jetfleet
