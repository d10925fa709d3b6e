#pragma once

#include <gst/video/video.h>

#include "core/media/gst_ptr.h"
#include "core/picture.h"

namespace jetfleet {

/// A decoded picture in host memory, still in the decoder's own buffer.
class GstPicture final : public DecodedPicture {
 public:
  GstPicture(GstPtr<GstSample> sample, const GstVideoInfo& info);
  ~GstPicture() override;

  Size size() const override;
  bool Map(PictureView* view) override;

 private:
  GstPtr<GstSample> sample_;
  GstVideoInfo info_;
  GstVideoFrame frame_{};
  bool mapped_ = false;
};

}  // namespace jetfleet
