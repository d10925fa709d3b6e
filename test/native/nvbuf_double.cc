// A double of a Jetson's picture libraries, made once as libnvbufsurface.so with
// libnvbufsurftransform.so (JetPack 5) and once as libnvbuf_utils.so (JetPack 4). It holds callers
// to what the documentation of the calls says, and scales on the processor, plane by plane,
// bilinear with half-pixel centres.
#include "nvbuf_double.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "core/memory/nvbuf.h"

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace jetfleet::nvbuf_double {
namespace {

namespace api = nvbuf;

Ledger& Seen() {
  static Ledger ledger;
  return ledger;
}

std::map<int, std::unique_ptr<Picture>>& All() {
  static std::map<int, std::unique_ptr<Picture>> pictures;
  return pictures;
}

Picture* Find(int fd) {
  const auto found = All().find(fd);
  if (found != All().end()) return found->second.get();
  ++Seen().mistakes;
  return nullptr;
}

Picture* Make(int format, int width, int height) {
  auto made = std::make_unique<Picture>();
  made->fd = memfd_create("picture", MFD_CLOEXEC);
  made->format = format;
  made->width = width;
  made->height = height;
  made->planes = format == kNv12 ? 2 : 1;
  made->bytes[0] = format == kNv12 ? 1 : 4;
  made->bytes[1] = 2;
  made->halved[1] = 1;
  for (int i = 0; i < made->planes; ++i) {
    const int across = (width + made->halved[i]) >> made->halved[i];
    const int down = (height + made->halved[i]) >> made->halved[i];
    // As the hardware has it: rows begin at multiples of 256 bytes, those of all planes alike.
    made->strides[i] = (width * made->bytes[0] + 255) / 256 * 256;
    made->samples[i].resize(static_cast<std::size_t>(made->strides[i]) * down + 64);
    if (across * made->bytes[i] > made->strides[i]) ++Seen().mistakes;
  }
  Picture* const picture = made.get();
  All()[picture->fd] = std::move(made);
  return picture;
}

#if JETPACK >= 5
/// What NvBufSurfaceFromFd hands out: the library's own, as long as the picture is there.
struct Surface {
  api::SurfaceBatch batch{};
  api::SurfaceParameters parameters{};
};

std::map<int, std::unique_ptr<Surface>>& Surfaces() {
  static std::map<int, std::unique_ptr<Surface>> surfaces;
  return surfaces;
}
#endif

void Erase(int fd) {
  All().erase(fd);
#if JETPACK >= 5
  Surfaces().erase(fd);
#endif
  close(fd);
}

struct Part {
  double left, top, width, height;
};

void ScalePlane(const Picture& from, const Part& part, Picture* to, int plane) {
  const int across = (to->width + to->halved[plane]) >> to->halved[plane];
  const int down = (to->height + to->halved[plane]) >> to->halved[plane];
  const double by = from.halved[plane] + 1;
  const int bytes = from.bytes[plane];
  const int least_x = static_cast<int>(part.left / by);
  const int least_y = static_cast<int>(part.top / by);
  const int wide = static_cast<int>(std::ceil(part.width / by));
  const int high = static_cast<int>(std::ceil(part.height / by));
  const auto sample = [&](int x, int y, int i) {
    x = least_x + std::clamp(x, 0, wide - 1);
    y = least_y + std::clamp(y, 0, high - 1);
    return static_cast<double>(
        from.samples[plane][static_cast<std::size_t>(y) * from.strides[plane] +
                            static_cast<std::size_t>(x) * bytes + i]);
  };
  for (int y = 0; y < down; ++y) {
    const double at_y = (y + 0.5) * high / down - 0.5;
    const int top = static_cast<int>(std::floor(at_y));
    for (int x = 0; x < across; ++x) {
      const double at_x = (x + 0.5) * wide / across - 0.5;
      const int left = static_cast<int>(std::floor(at_x));
      for (int i = 0; i < bytes; ++i) {
        const double right = at_x - left;
        const double below = at_y - top;
        const double value =
            (sample(left, top, i) * (1 - right) + sample(left + 1, top, i) * right) * (1 - below) +
            (sample(left, top + 1, i) * (1 - right) + sample(left + 1, top + 1, i) * right) * below;
        to->samples[plane][static_cast<std::size_t>(y) * to->strides[plane] +
                           static_cast<std::size_t>(x) * bytes + i] =
            static_cast<std::uint8_t>(std::lround(value));
      }
    }
  }
}

bool Inside(const api::Rectangle& part, const Picture& picture) {
  return part.width > 0 && part.height > 0 &&
         part.left + part.width <= static_cast<unsigned>(picture.width) &&
         part.top + part.height <= static_cast<unsigned>(picture.height);
}

/// 0, or the failure that was asked for.
int Transform(Picture* from, Picture* to, std::uint32_t flags, int flip, int filter,
              const api::Rectangle& source, const api::Rectangle& target) {
  ++Seen().transforms;
  if (Seen().fail_transform) return -2;
  const bool right = from != nullptr && to != nullptr && from != to && !to->by_decoder &&
                     from->format == to->format && flip == 0 && filter == api::kBilinear &&
                     flags == (api::kCropSource | api::kCropTarget | api::kSetFilter) &&
                     Inside(source, *from) && Inside(target, *to) && target.left == 0 &&
                     target.top == 0 && target.width == static_cast<unsigned>(to->width) &&
                     target.height == static_cast<unsigned>(to->height) && target.width % 2 == 0 &&
                     target.height % 2 == 0;
  if (!right) {
    ++Seen().mistakes;
    return -3;
  }
  const Part part{static_cast<double>(source.left), static_cast<double>(source.top),
                  static_cast<double>(source.width), static_cast<double>(source.height)};
  for (int plane = 0; plane < from->planes; ++plane) ScalePlane(*from, part, to, plane);
  return 0;
}

Picture* Create(int format, int width, int height, int layout) {
  if (Seen().fail_create) return nullptr;
  if (layout != api::kPitchLinear || width <= 0 || height <= 0) ++Seen().mistakes;
  ++Seen().made;
  ++Seen().pictures;
  return Make(format, width, height);
}

int Free(int fd) {
  const Picture* const picture = Find(fd);
  if (picture == nullptr || picture->by_decoder) {
    ++Seen().mistakes;
    return -1;
  }
  --Seen().pictures;
  Erase(fd);
  return 0;
}

}  // namespace
}  // namespace jetfleet::nvbuf_double

using namespace jetfleet::nvbuf_double;
namespace api = jetfleet::nvbuf;

EXPORTED Ledger* nvbuf_double_ledger() { return &Seen(); }

EXPORTED Picture* nvbuf_double_decode(int format, int width, int height, unsigned seed) {
  Picture* const picture = Make(format, width, height);
  picture->by_decoder = true;
  for (int plane = 0; plane < picture->planes; ++plane) {
    const int bytes = picture->bytes[plane];
    const int by = picture->halved[plane] + 1;
    for (std::size_t at = 0; at < picture->samples[plane].size(); ++at) {
      const auto stride = static_cast<std::size_t>(picture->strides[plane]);
      const double x = static_cast<double>(at % stride / bytes * by) / width;
      const double y = static_cast<double>(at / stride * by) / height;
      const double phase = seed + 2.0 * static_cast<double>(at % bytes) + plane;
      const double wave = std::sin(6 * x + phase) * std::cos(5 * y + 4 * x - phase);
      picture->samples[plane][at] = static_cast<std::uint8_t>(std::lround(128 + 110 * wave));
    }
  }
  return picture;
}

EXPORTED void nvbuf_double_forget(Picture* picture) { Erase(picture->fd); }

#if JETPACK >= 5

namespace {

api::SurfaceBatch* SurfaceOf(const Picture& picture) {
  std::unique_ptr<Surface>& surface = Surfaces()[picture.fd];
  if (surface == nullptr) {
    surface = std::make_unique<Surface>();
    surface->batch.batch_size = 1;
    surface->batch.memory_type = api::kSurfaceArray;
    surface->batch.surfaces = &surface->parameters;
    surface->batch.filled = picture.by_decoder ? 1 : 0;
    surface->parameters.width = static_cast<unsigned>(picture.width);
    surface->parameters.height = static_cast<unsigned>(picture.height);
    surface->parameters.color_format = picture.format;
    surface->parameters.descriptor = static_cast<unsigned>(picture.fd);
  }
  return &surface->batch;
}

Picture* PictureOf(const api::SurfaceBatch* surface) {
  if (surface != nullptr) return Find(static_cast<int>(surface->surfaces[0].descriptor));
  ++Seen().mistakes;
  return nullptr;
}

}  // namespace

EXPORTED int NvBufSurfaceFromFd(int fd, void** surface) {
  const Picture* const picture = Find(fd);
  if (picture == nullptr) return -1;
  *surface = SurfaceOf(*picture);
  return 0;
}

EXPORTED int NvBufSurfaceCreate(api::SurfaceBatch** surface, std::uint32_t count,
                                api::SurfaceCreate* how) {
  if (count != 1 || how->memory_type != api::kSurfaceArray || how->size != 0) ++Seen().mistakes;
  const Picture* const picture = Create(how->color_format, static_cast<int>(how->width),
                                        static_cast<int>(how->height), how->layout);
  if (picture == nullptr) return -1;
  *surface = SurfaceOf(*picture);
  return 0;
}

EXPORTED int NvBufSurfaceDestroy(api::SurfaceBatch* surface) {
  const Picture* const picture = PictureOf(surface);
  if (picture == nullptr) return -1;
  if (surface->surfaces[0].egl_image != nullptr) ++Seen().mistakes;
  return Free(picture->fd);
}

EXPORTED int NvBufSurfaceMapEglImage(api::SurfaceBatch* surface, int) {
  Picture* const picture = PictureOf(surface);
  if (picture == nullptr) return -1;
  ++Seen().images;
  surface->surfaces[0].egl_image = picture;
  return 0;
}

EXPORTED int NvBufSurfaceUnMapEglImage(api::SurfaceBatch* surface, int) {
  if (PictureOf(surface) == nullptr) return -1;
  if (surface->surfaces[0].egl_image == nullptr) ++Seen().mistakes;
  --Seen().images;
  surface->surfaces[0].egl_image = nullptr;
  return 0;
}

EXPORTED int NvBufSurfTransformSetSessionParams(api::TransformSession* session) {
  ++Seen().sessions;
  if (session->compute != api::kOnVic) ++Seen().mistakes;
  return Seen().fail_session ? -1 : 0;
}

EXPORTED int NvBufSurfTransform(api::SurfaceBatch* from, api::SurfaceBatch* to,
                                api::SurfaceTransform* how) {
  if (Seen().sessions == 0 || from->filled != 1 || to->filled != 1) ++Seen().mistakes;
  return Transform(PictureOf(from), PictureOf(to), how->flags, how->flip, how->filter, *how->source,
                   *how->target);
}

#else

EXPORTED int NvBufferGetParams(int fd, api::BufferParameters* parameters) {
  const Picture* const picture = Find(fd);
  if (picture == nullptr) return -1;
  *parameters = {};
  parameters->descriptor = static_cast<unsigned>(fd);
  parameters->color_format = picture->format;
  parameters->planes = static_cast<unsigned>(picture->planes);
  return 0;
}

EXPORTED int NvBufferCreateEx(int* fd, api::BufferCreate* how) {
  if (how->payload != 0 || how->tag != api::kTagConvert) ++Seen().mistakes;
  const Picture* const picture = Create(how->color_format, how->width, how->height, how->layout);
  if (picture == nullptr) return -1;
  *fd = picture->fd;
  return 0;
}

EXPORTED int NvBufferDestroy(int fd) { return Free(fd); }

/// The handle of a decoder's picture is the double's own.
EXPORTED int ExtractFdFromNvBuffer(void* handle, int* fd) {
  const Picture* const picture = *static_cast<Picture**>(handle);
  if (picture == nullptr || Find(picture->fd) == nullptr) return -1;
  *fd = picture->fd;
  return 0;
}

EXPORTED void* NvEGLImageFromFd(void*, int fd) {
  Picture* const picture = Find(fd);
  if (picture != nullptr) ++Seen().images;
  return picture;
}

EXPORTED int NvDestroyEGLImage(void*, void* image) {
  // Of a picture that is still there: else its memory was freed under the image.
  const auto& all = All();
  const bool there = std::any_of(all.begin(), all.end(),
                                 [&](const auto& one) { return one.second.get() == image; });
  if (!there) ++Seen().mistakes;
  --Seen().images;
  return 0;
}

EXPORTED int NvBufferTransform(int from, int to, api::BufferTransform* how) {
  if (how->session != nullptr) ++Seen().mistakes;
  return Transform(Find(from), Find(to), how->flags, how->flip, how->filter, how->source,
                   how->target);
}

#endif
