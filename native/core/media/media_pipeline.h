#pragma once

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/frame.h"
#include "core/media/decoder_choice.h"
#include "core/media/frame_log.h"
#include "core/media/gst_ptr.h"
#include "core/media/source_uri.h"
#include "core/status.h"

namespace jetfleet {

enum class Transport { kTcp, kUdp };

/// One opened source: a GStreamer pipeline from the network or a file to decoded pictures.
///
///   rtspsrc ! rtph264depay ┐
///   filesrc ! parsebin     ┴ h264parse ! [identity sync] ! queue ! DECODER ! CONVERTER ! appsink
///
/// Threads: `on_picture` is called by the decoder's thread, `on_end` by any. Neither is called once
/// the object is destroyed.
class MediaPipeline {
 public:
  struct Options {
    SourceUri uri;
    Transport transport = Transport::kTcp;
    /// Files: pictures come at the pace of their time stamps instead of as fast as they are taken.
    bool realtime = false;
    std::chrono::milliseconds timeout{5000};
  };
  /// The frame holds picture, tag, trace up to decode, and the presentation time as `pts_ms`.
  using OnPicture = std::function<void(FramePtr)>;
  /// Ok: the end of the stream. Otherwise what went wrong. May be called more than once.
  using OnEnd = std::function<void(const Status&)>;

  static Status Open(const Options& options, FrameLog* log, OnPicture on_picture, OnEnd on_end,
                     std::unique_ptr<MediaPipeline>* pipeline);
  ~MediaPipeline();
  MediaPipeline(const MediaPipeline&) = delete;
  MediaPipeline& operator=(const MediaPipeline&) = delete;

 private:
  MediaPipeline(const Options& options, FrameLog* log, OnPicture on_picture, OnEnd on_end);

  Status Build();
  Status BuildTail();
  Status BuildRtspHead();
  Status BuildFileHead();
  void Watch();
  /// Adds an element to the pipeline, which owns it from then on.
  Status Add(const char* factory, GstElement** element);
  void LinkVideo(GstPad* pad);
  FramePtr FrameOf(GstPtr<GstSample> sample, TimePoint now);

  static GstBusSyncReply OnBusMessage(GstBus* bus, GstMessage* message, gpointer self);
  static void OnPadAdded(GstElement* element, GstPad* pad, gpointer self);
  static gboolean OnSelectStream(GstElement* rtspsrc, guint number, GstCaps* caps, gpointer self);
  static GstFlowReturn OnNewSample(GstAppSink* sink, gpointer self);
  static GstPadProbeReturn OnParsed(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnDecoderInput(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnDecoderOutput(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnSinkQuery(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  const Options options_;
  FrameLog* const log_;
  const OnPicture on_picture_;
  const OnEnd on_end_;
  GstPtr<GstElement> pipeline_;
  // Owned by `pipeline_`.
  GstElement* depay_ = nullptr;
  GstElement* parser_ = nullptr;
  GstElement* decoder_ = nullptr;
  GstElement* sink_ = nullptr;

  /// Time the decoder's thread has spent in `on_picture_`, waiting for room behind it (files).
  std::atomic<Clock::duration::rep> held_up_{0};
};

}  // namespace jetfleet
