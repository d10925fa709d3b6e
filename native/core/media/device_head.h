#pragma once

#include "core/media/head.h"

namespace jetfleet {

/// A camera at this very machine, or pictures that nobody took:
///
///   v4l2:///dev/video0    v4l2src: USB cameras, capture cards; `format` raw, mjpeg, h264 or h265
///   csi://0               nvarguscamerasrc: a sensor of a Jetson. Not yet run on a board
///   test://ball           videotestsrc, by the name of its pattern
///
/// All take `width`, `height` (pixels) and `fps`; a V4L2 device chooses what is left out.
class DeviceHead final : public Head {
 public:
  explicit DeviceHead(const SourceUri& uri) : uri_(uri) {}

  Status Check() override;
  Status Build(GstBin* bin, GstElement* parser) override;
  Status Explain(GstMessage* error) override;
  Status Verdict() override { return Status::Ok(); }

 private:
  Status Configure(GstElement* source) const;
  std::string Caps() const;

  const SourceUri uri_;
};

/// What comes from there, or, where only the source can tell, the codec to begin with.
const CodecRow& CodecOf(const SourceUri& uri);

}  // namespace jetfleet
