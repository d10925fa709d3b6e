#include "core/media/gst_surface.h"

#include <gst/allocators/gstdmabuf.h>

#include <optional>
#include <utility>

namespace jetfleet {
namespace {

std::optional<PixelFormat> FormatOf(const GstVideoInfo& info) {
  switch (GST_VIDEO_INFO_FORMAT(&info)) {
    case GST_VIDEO_FORMAT_I420:
      return PixelFormat::kI420;
    case GST_VIDEO_FORMAT_NV12:
      return PixelFormat::kNv12;
    case GST_VIDEO_FORMAT_Y42B:
      return PixelFormat::kI422;
    case GST_VIDEO_FORMAT_Y444:
      return PixelFormat::kI444;
    case GST_VIDEO_FORMAT_GRAY8:
      return PixelFormat::kGray;
    case GST_VIDEO_FORMAT_RGB:
      return PixelFormat::kRgb;
    case GST_VIDEO_FORMAT_RGBA:
      return PixelFormat::kRgba;
    case GST_VIDEO_FORMAT_BGRA:
      return PixelFormat::kBgra;
    default:
      return std::nullopt;
  }
}

Color ColorOf(const GstVideoColorimetry& colorimetry, const AccessUnit& unit) {
  Color color;
  if (colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT709) color.matrix = ColorMatrix::kBt709;
  if (colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT2020) color.matrix = ColorMatrix::kBt2020;
  if (colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255) color.range = ColorRange::kFull;
  color.matrix = unit.matrix.value_or(color.matrix);
  color.range = unit.range.value_or(color.range);
  return color;
}

/// Each plane is a part, because decoders may keep planes in memories of their own.
class GstFrameBuffer final : public Buffer {
 public:
  GstFrameBuffer(GstBuffer* picture, const GstVideoInfo& info)
      : Buffer(MemoryKind::kHost, 0, GST_VIDEO_INFO_SIZE(&info)),
        picture_(gst_buffer_ref(picture)),
        info_(info) {}
  ~GstFrameBuffer() override {
    if (mapped_) gst_video_frame_unmap(&frame_);
  }

  int dmabuf_fd() const override {
    GstMemory* memory = gst_buffer_peek_memory(picture_.get(), 0);
    return gst_is_dmabuf_memory(memory) != FALSE ? gst_dmabuf_memory_get_fd(memory) : -1;
  }

  std::uint8_t* MapToHost(int part) override {
    if (!mapped_) {
      mapped_ = gst_video_frame_map(&frame_, &info_, picture_.get(), GST_MAP_READ) != FALSE;
    }
    if (!mapped_) return nullptr;
    return static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, part));
  }

 private:
  const GstPtr<GstBuffer> picture_;
  const GstVideoInfo info_;
  GstVideoFrame frame_{};
  bool mapped_ = false;
};

/// Goes back to the decoder with the last owner. What reads it has it by its DMA-BUF.
class NvmmFrameBuffer final : public Buffer {
 public:
  NvmmFrameBuffer(GstBuffer* picture, const GstVideoInfo& info, int fd)
      : Buffer(MemoryKind::kNvmm, 0, GST_VIDEO_INFO_SIZE(&info)),
        picture_(gst_buffer_ref(picture)),
        fd_(fd) {}

  int dmabuf_fd() const override { return fd_; }
  void* Address(int) override { return nullptr; }
  std::uint8_t* MapToHost(int) override { return nullptr; }

 private:
  const GstPtr<GstBuffer> picture_;
  const int fd_;
};

/// Of the buffer rather than of the caps: decoders pad as they like and say so in the buffer.
int StrideOf(GstBuffer* picture, const GstVideoInfo& info, int plane) {
  const GstVideoMeta* meta = gst_buffer_get_video_meta(picture);
  return meta != nullptr ? meta->stride[plane] : GST_VIDEO_INFO_PLANE_STRIDE(&info, plane);
}

}  // namespace

SurfaceRef SurfaceOf(GstBuffer* picture, const GstVideoInfo& info, const AccessUnit& unit,
                     Rotation rotation, const NvmmPictures* nvmm) {
  const auto format = FormatOf(info);
  if (!format) return nullptr;
  SurfaceDesc desc;
  desc.format = *format;
  desc.color = ColorOf(info.colorimetry, unit);
  desc.rotation = rotation;
  desc.coded = {GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info)};
  desc.visible = {0, 0, desc.coded.width, desc.coded.height};
  desc.sample_aspect = {GST_VIDEO_INFO_PAR_N(&info), GST_VIDEO_INFO_PAR_D(&info)};
  for (int plane = 0; plane < PlaneCount(desc.format); ++plane) {
    desc.planes[static_cast<std::size_t>(plane)] = {plane, 0, StrideOf(picture, info, plane)};
  }
  if (nvmm != nullptr) {
    const int fd = nvmm->FdOf(picture);
    if (fd < 0) return nullptr;
    return std::make_shared<const Surface>(desc,
                                           std::make_shared<NvmmFrameBuffer>(picture, info, fd));
  }
  return std::make_shared<const Surface>(desc, std::make_shared<GstFrameBuffer>(picture, info));
}

}  // namespace jetfleet
