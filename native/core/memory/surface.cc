#include "core/memory/surface.h"

#include <algorithm>
#include <string>
#include <utility>

namespace jetfleet {
namespace {

/// Bytes of one sample of a plane.
int SampleBytes(PixelFormat format, int plane) {
  switch (format) {
    case PixelFormat::kRgb:
      return 3;
    case PixelFormat::kRgba:
    case PixelFormat::kBgra:
      return 4;
    case PixelFormat::kNv12:
      return plane == 0 ? 1 : 2;
    default:
      return 1;
  }
}

/// How many pixels of width and height one chroma sample stands for.
Size ChromaStep(PixelFormat format) {
  switch (format) {
    case PixelFormat::kI420:
    case PixelFormat::kNv12:
      return {2, 2};
    case PixelFormat::kI422:
      return {2, 1};
    default:
      return {1, 1};
  }
}

}  // namespace

const char* PixelFormatName(PixelFormat format) {
  switch (format) {
    case PixelFormat::kI420:
      return "I420";
    case PixelFormat::kNv12:
      return "NV12";
    case PixelFormat::kI422:
      return "I422";
    case PixelFormat::kI444:
      return "I444";
    case PixelFormat::kGray:
      return "GRAY8";
    case PixelFormat::kRgb:
      return "RGB";
    case PixelFormat::kRgba:
      return "RGBA";
    case PixelFormat::kBgra:
      return "BGRA";
  }
  return "unknown";
}

int PlaneCount(PixelFormat format) {
  switch (format) {
    case PixelFormat::kI420:
    case PixelFormat::kI422:
    case PixelFormat::kI444:
      return 3;
    case PixelFormat::kNv12:
      return 2;
    default:
      return 1;
  }
}

Size PlaneSize(PixelFormat format, int plane, Size picture) {
  if (plane == 0) return picture;
  const Size step = ChromaStep(format);
  return {(picture.width + step.width - 1) / step.width,
          (picture.height + step.height - 1) / step.height};
}

Size Surface::ShownSize() const {
  Size size{desc_.visible.width, desc_.visible.height};
  const auto [aspect_width, aspect_height] = desc_.sample_aspect;
  // The longer side of a sample grows, so that no sample is lost.
  const auto stretched = [](int length, int by, int of) {
    const auto exact = static_cast<std::int64_t>(length) * by;
    return static_cast<int>((exact + of / 2) / of);
  };
  if (aspect_width > aspect_height) {
    size.width = stretched(size.width, aspect_width, aspect_height);
  } else if (aspect_height > aspect_width) {
    size.height = stretched(size.height, aspect_height, aspect_width);
  }
  const bool lies =
      desc_.rotation == Rotation::kQuarter || desc_.rotation == Rotation::kThreeQuarters;
  if (lies) std::swap(size.width, size.height);
  return size;
}

Status Surface::MapToHost(SurfaceView* view) const {
  if (const auto& fence = buffer_->fence(); fence != nullptr) fence->Wait();
  view->format = desc_.format;
  view->color = desc_.color;
  view->rotation = desc_.rotation;
  view->size = {desc_.visible.width, desc_.visible.height};
  view->shown = ShownSize();
  for (int plane = 0; plane < PlaneCount(desc_.format); ++plane) {
    const Plane& place = desc_.planes[static_cast<std::size_t>(plane)];
    const std::uint8_t* base = buffer_->MapToHost(place.part);
    if (base == nullptr) {
      return Status::Error(ErrorCode::kInternal,
                           std::string("Expected a picture that the CPU can read but got one in ") +
                               MemoryKindName(buffer_->kind()) + " memory");
    }
    const Size step = plane == 0 ? Size{1, 1} : ChromaStep(desc_.format);
    const auto down = static_cast<std::size_t>(desc_.visible.y / step.height);
    const auto right = static_cast<std::size_t>(desc_.visible.x / step.width) *
                       static_cast<std::size_t>(SampleBytes(desc_.format, plane));
    const auto stride = static_cast<std::size_t>(place.stride);
    view->planes[static_cast<std::size_t>(plane)] = base + place.offset + down * stride + right;
    view->strides[static_cast<std::size_t>(plane)] = place.stride;
  }
  return Status::Ok();
}

}  // namespace jetfleet
