#pragma once

#include <mutex>

#include "core/media/gst_ptr.h"
#include "core/media/head.h"
#include "core/media/track_choice.h"

namespace jetfleet {

/// Reads a regular file: filesrc ! parsebin. Tracks that are not read are thrown away.
class FileHead final : public Head {
 public:
  FileHead(const SourceUri& uri, const CodecRow& codec, Callbacks callbacks);

  Status Build(GstBin* bin, GstElement* parser) override;
  Status Explain(GstMessage* error) override;
  std::optional<GstClockTime> Duration() override;
  Status Verdict() override;

 private:
  void Link(GstPad* pad);
  static void OnPadAdded(GstElement* parsebin, GstPad* pad, gpointer self);
  static GstPadProbeReturn OnOtherEvent(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static void OnNoMorePads(GstElement* parsebin, gpointer self);
  static gboolean OnAutoplug(GstElement* parsebin, GstPad* pad, GstCaps* caps, gpointer self);
  static void OnElement(GstBin* bin, GstBin* sub, GstElement* element, gpointer self);

  const SourceUri uri_;
  const Callbacks callbacks_;
  GstBin* bin_ = nullptr;
  GstElement* parser_ = nullptr;
  std::mutex mutex_;
  TrackChoice choice_;
  GstPtr<GstElement> demuxer_;
};

}  // namespace jetfleet
