#include "core/media/gst_picture.h"

#include <utility>

namespace jetfleet {
namespace {

ColorMatrix MatrixOf(const GstVideoColorimetry& colorimetry) {
  if (colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT709) return ColorMatrix::kBt709Limited;
  if (colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255) return ColorMatrix::kBt601Full;
  return ColorMatrix::kBt601Limited;
}

}  // namespace

GstPicture::GstPicture(GstPtr<GstSample> sample, const GstVideoInfo& info)
    : sample_(std::move(sample)), info_(info) {}

GstPicture::~GstPicture() {
  if (mapped_) gst_video_frame_unmap(&frame_);
}

Size GstPicture::size() const {
  return {GST_VIDEO_INFO_WIDTH(&info_), GST_VIDEO_INFO_HEIGHT(&info_)};
}

bool GstPicture::Map(PictureView* view) {
  if (!mapped_) {
    GstBuffer* buffer = gst_sample_get_buffer(sample_.get());
    mapped_ = gst_video_frame_map(&frame_, &info_, buffer, GST_MAP_READ) != FALSE;
    if (!mapped_) return false;
  }
  view->format = GST_VIDEO_INFO_FORMAT(&info_) == GST_VIDEO_FORMAT_NV12 ? PixelFormat::kNv12
                                                                        : PixelFormat::kI420;
  view->matrix = MatrixOf(info_.colorimetry);
  view->size = size();
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&frame_); ++plane) {
    view->planes[plane] =
        static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, plane));
    view->strides[plane] = GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, plane);
  }
  return true;
}

}  // namespace jetfleet
