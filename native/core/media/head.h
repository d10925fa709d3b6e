#pragma once

#include <gst/gst.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "core/media/codec_table.h"
#include "core/media/source_uri.h"
#include "core/media/tls_trust.h"
#include "core/status.h"

namespace jetfleet {

enum class Transport { kTcp, kUdp };

struct PictureTimes {
  /// Milliseconds since any moment.
  std::optional<double> pts_ms;
  /// By the camera's clock, milliseconds since 1970.
  std::optional<double> captured_at_ms;
};

/// The part of a media pipeline that differs by the kind of source: from where the bytes are to the
/// coded track that is read.
class Head {
 public:
  struct Callbacks {
    std::function<void(const Status&)> on_error;
    std::function<void(const Status&)> on_warning;
    /// No track is of the codec that is read; this one can be had instead. In front of the error.
    std::function<void(const CodecRow&)> on_other_codec;
    /// Something was lost before it could be parsed.
    std::function<void()> on_loss;
    /// A picture of this presentation time begins to come, whatever the elements in front of the
    /// decoder make of it. By the thread that receives; not by every kind of source.
    std::function<void(GstClockTime)> on_arrival;
  };

  virtual ~Head() = default;

  /// Whether it can be tried at all.
  virtual Status Check() { return Status::Ok(); }
  /// Makes its elements in `bin` and feeds `parser`.
  virtual Status Build(GstBin* bin, GstElement* parser) = 0;
  /// An element's error as the cause it has for this kind of source.
  virtual Status Explain(GstMessage* error) = 0;
  /// What the source itself tells of when a picture is to be shown and was taken; by the
  /// presentation time of its buffer. From any thread.
  virtual PictureTimes TimesOf(GstClockTime) { return {}; }
  /// The stream's own length where it tells, to notice that it ends too early.
  virtual std::optional<GstClockTime> Duration() { return std::nullopt; }
  /// At the end of the stream: why nothing came, or Ok when there was something to read.
  virtual Status Verdict() = 0;
  /// Coded data have come, whatever they are.
  virtual bool receives() const { return true; }
  /// The source has agreed to send.
  virtual bool plays() const { return true; }
  /// An element tells how far it is.
  virtual void OnProgress(GstMessage*) {}
  /// Tells the source, if it must be told, that somebody still watches.
  virtual void KeepAlive() {}
};

}  // namespace jetfleet
