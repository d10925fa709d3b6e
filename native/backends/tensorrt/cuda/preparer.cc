#include "backends/tensorrt/cuda/preparer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "backends/tensorrt/cuda/embedded.h"

namespace jetfleet::cuda {
namespace {

constexpr unsigned kThreadsAcross = 32;
constexpr unsigned kThreadsDown = 8;
/// Of the GPU's copies.
constexpr std::size_t kAlignment = 256;

/// Of a side: products of two fit 32 bits.
constexpr int kMostPixels = 16383;

std::size_t Aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

unsigned Blocks(int length, unsigned threads) {
  return (static_cast<unsigned>(length) + threads - 1) / threads;
}

/// Planes, and how chroma is halved, by the number of a format.
struct FormatRow {
  PixelFormat format;
  int planes;
  int across;
  int down;
  /// Of a sample of the first plane, and of others.
  int bytes;
  int chroma_bytes;
};
constexpr FormatRow kFormats[] = {
    {PixelFormat::kI420, 3, 1, 1, 1, 1}, {PixelFormat::kNv12, 2, 1, 1, 1, 2},
    {PixelFormat::kI422, 3, 1, 0, 1, 1}, {PixelFormat::kI444, 3, 0, 0, 1, 1},
    {PixelFormat::kGray, 1, 0, 0, 1, 1}, {PixelFormat::kRgb, 1, 0, 0, 3, 3},
    {PixelFormat::kRgba, 1, 0, 0, 4, 4}, {PixelFormat::kBgra, 1, 0, 0, 4, 4}};

const FormatRow& FormatOf(const JfSurface& surface) {
  const auto* const row =
      std::find_if(std::begin(kFormats), std::end(kFormats), [&](const FormatRow& candidate) {
        return static_cast<int>(candidate.format) == surface.format;
      });
  if (row == std::end(kFormats)) {
    throw Failure(JF_UNSUPPORTED, "Expected a known pixel format but got number " +
                                      std::to_string(surface.format) +
                                      " while preparing a picture");
  }
  return *row;
}

/// The part of a plane that is seen: where it begins, and how large it is.
struct Part {
  std::size_t x_bytes;
  std::size_t y;
  std::size_t width_bytes;
  std::size_t height;
};

Part PartOf(const JfSurface& surface, const FormatRow& format, int plane) {
  const int across = plane == 0 ? 0 : format.across;
  const int down = plane == 0 ? 0 : format.down;
  const auto bytes = static_cast<std::size_t>(plane == 0 ? format.bytes : format.chroma_bytes);
  return {static_cast<std::size_t>(surface.visible_x >> across) * bytes,
          static_cast<std::size_t>(surface.visible_y >> down),
          static_cast<std::size_t>((surface.visible_width + across) >> across) * bytes,
          static_cast<std::size_t>((surface.visible_height + down) >> down)};
}

const std::uint8_t* BeginOf(const JfSurface& surface, const Part& part, int plane) {
  return static_cast<const std::uint8_t*>(surface.planes[plane]) + surface.offsets[plane] +
         part.y * static_cast<std::size_t>(surface.strides[plane]) + part.x_bytes;
}

bool OnHost(const JfSurface& surface) { return (surface.memory & (JF_HOST | JF_PINNED)) != 0; }

void Check(const JfSurface& surface) {
  const FormatRow& format = FormatOf(surface);
  const bool nvmm = surface.memory == JF_NVMM;
  bool whole = surface.visible_width > 0 && surface.visible_height > 0 && surface.visible_x >= 0 &&
               surface.visible_y >= 0 && surface.visible_width <= kMostPixels &&
               surface.visible_height <= kMostPixels && surface.rotation >= 0 &&
               surface.rotation <= 3;
  if (nvmm) whole = whole && surface.dmabuf_fd >= 0;
  for (int plane = 0; whole && !nvmm && plane < format.planes; ++plane) {
    whole = surface.planes[plane] != nullptr && surface.strides[plane] > 0 &&
            PartOf(surface, format, plane).width_bytes <=
                static_cast<std::size_t>(surface.strides[plane]);
  }
  if (!whole) {
    throw Failure(JF_INTERNAL, "Expected a picture whose planes hold its " +
                                   std::to_string(surface.visible_width) + "x" +
                                   std::to_string(surface.visible_height) +
                                   " pixels while preparing it on the GPU");
  }
}

struct TypeRow {
  std::int32_t abi;
  int kernels;
  std::size_t bytes;
};
constexpr TypeRow kTypes[] = {{JF_FLOAT32, kernels::kFloat32, 4},
                              {JF_FLOAT16, kernels::kFloat16, 2},
                              {JF_UINT8, kernels::kUint8, 1},
                              {JF_INT8, kernels::kInt8, 1}};

std::size_t BytesOf(int type) {
  return std::find_if(std::begin(kTypes), std::end(kTypes),
                      [&](const TypeRow& row) { return row.kernels == type; })
      ->bytes;
}

void SetOutput(const JfTensor& input, std::size_t count, bool channels_last,
               kernels::PrepareParameters* all) {
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                 [&](const TypeRow& row) { return row.abi == input.type; });
  const bool typed = type != std::end(kTypes);
  const std::int64_t channels = input.rank == 4 ? input.dims[channels_last ? 3 : 1] : 0;
  if (!typed || channels != 3 || (input.memory & JF_CUDA) == 0 || input.data == nullptr ||
      input.dims[0] < static_cast<std::int64_t>(count)) {
    throw Failure(JF_UNSUPPORTED,
                  "Expected float32, float16, uint8 or int8 of 3 channels in CUDA memory, with a "
                  "slot for each "
                  "of " +
                      std::to_string(count) + " pictures, while preparing them on the GPU");
  }
  const std::int64_t height = input.dims[channels_last ? 1 : 2];
  const std::int64_t width = input.dims[channels_last ? 2 : 3];
  all->type = type->kernels;
  all->width = static_cast<int>(width);
  all->height = static_cast<int>(height);
  all->slot_stride = 3 * height * width;
  all->channel_stride = channels_last ? 1 : height * width;
  all->row_stride = channels_last ? 3 * width : width;
  all->pixel_stride = channels_last ? 3 : 1;
}

void CheckRect(const JfRect& rect, const kernels::PrepareParameters& all) {
  const bool inside = rect.x >= 0 && rect.y >= 0 && rect.width > 0 && rect.height > 0 &&
                      rect.x + rect.width <= all.width && rect.y + rect.height <= all.height;
  if (!inside) {
    throw Failure(JF_INTERNAL, "Expected a place within the model's input while preparing");
  }
}

}  // namespace

Preparer::Preparer(const Device& device, const KernelCache& kernels, Transfers* transfers,
                   Scaling scaling)
    : device_(device),
      transfers_(transfers),
      module_((device.MakeCurrent(),
               LoadModule(kernels.Get(PrepareSource(), device.capability()).data()))),
      function_(FunctionOf(module_, "jetfleet_prepare")),
      stream_(MakeStream()),
      done_(MakeEvent(Waiter::kStream)) {
  if (scaling == Scaling::kCuda) return;
  std::unique_ptr<Compositor> compositor = OpenCompositor();
  scaled_ = std::make_unique<ScaledPictures>(std::move(compositor), &Dmabufs());
}

Preparer::~Preparer() {
  try {
    device_.MakeCurrent();
    Synchronize(stream_);
  } catch (const std::exception&) {  // the GPU is lost: there is nothing to wait for
    return;
  }
}

void Preparer::Prepare(const std::vector<JfSurface>& given, const std::vector<JfRect>& rects,
                       const JfPreprocess& preprocess, const JfTensor& input, bool channels_last,
                       const Stream& consumer) {
  device_.MakeCurrent();
  kernels::PrepareParameters all{};
  SetOutput(input, given.size(), channels_last, &all);
  SetNormalisation(preprocess.bgr != 0, preprocess.mean, preprocess.scale, preprocess.pad, &all);
  for (const JfSurface& surface : given) Check(surface);
  for (const JfRect& rect : rects) CheckRect(rect, all);
  const std::vector<JfSurface> surfaces = scaled_ == nullptr ? given : ScaledByVic(given, rects);
  Reserve(surfaces);
  std::size_t used = 0;
  for (std::size_t first = 0; first < surfaces.size(); first += kernels::kMostPictures) {
    const std::size_t count =
        std::min<std::size_t>(surfaces.size() - first, kernels::kMostPictures);
    for (std::size_t i = 0; i < count; ++i) {
      const JfRect& rect = rects[first + i];
      all.pictures[i] =
          PictureOf(ViewOf(surfaces[first + i], &used), {rect.x, rect.y, rect.width, rect.height});
    }
    const std::size_t element = BytesOf(all.type);
    all.output = static_cast<std::uint8_t*>(input.data) +
                 first * static_cast<std::size_t>(all.slot_stride) * element;
    Launch(function_,
           {Blocks(all.width, kThreadsAcross), Blocks(all.height, kThreadsDown),
            static_cast<unsigned>(count), kThreadsAcross, kThreadsDown},
           stream_, all);
  }
  Record(done_, stream_);
  Await(consumer, done_);
}

std::vector<JfSurface> Preparer::ScaledByVic(const std::vector<JfSurface>& surfaces,
                                             const std::vector<JfRect>& rects) {
  // The kernel may still be reading what the compositor is about to write over.
  Synchronize(stream_);
  scaled_->BeginBatch();
  std::vector<JfSurface> all;
  all.reserve(surfaces.size());
  for (std::size_t i = 0; i < surfaces.size(); ++i) {
    const JfRect& rect = rects[i];
    // The compositor does not turn: a picture that lies is scaled lying.
    const bool lies = surfaces[i].rotation % 2 == 1;
    all.push_back(scaled_->Scale(
        surfaces[i], lies ? Size{rect.height, rect.width} : Size{rect.width, rect.height}));
  }
  return all;
}

DmabufCache& Preparer::Dmabufs() {
  if (dmabufs_ == nullptr) {
    dmabufs_ = std::make_unique<DmabufCache>(OpenPictureBuffers(), TheDriver());
  }
  return *dmabufs_;
}

void Preparer::Reserve(const std::vector<JfSurface>& surfaces) {
  std::size_t bytes = 0;
  for (const JfSurface& surface : surfaces) {
    if (surface.memory == JF_CUDA) continue;
    const FormatRow& format = FormatOf(surface);
    for (int plane = 0; plane < format.planes; ++plane) {
      const Part part = PartOf(surface, format, plane);
      bytes += Aligned(Aligned(part.width_bytes) * part.height);
    }
  }
  if (bytes <= staging_bytes_) return;
  Synchronize(stream_);
  staging_.Reset();
  staging_bytes_ = 0;
  staging_ = Allocate(bytes);
  staging_bytes_ = bytes;
}

PictureView Preparer::ViewOf(const JfSurface& surface, std::size_t* used) {
  const FormatRow& format = FormatOf(surface);
  PictureView view;
  view.format = format.format;
  view.color = {static_cast<ColorMatrix>(surface.matrix), static_cast<ColorRange>(surface.range)};
  view.rotation = static_cast<Rotation>(surface.rotation);
  view.size = {surface.visible_width, surface.visible_height};
  const EglFrame* const frame = surface.memory == JF_NVMM ? &FrameOf(surface) : nullptr;
  for (int i = 0; i < format.planes; ++i) {
    const auto plane = static_cast<std::size_t>(i);
    const Part part = PartOf(surface, format, i);
    Copy2d copy{};
    copy.width_bytes = part.width_bytes;
    copy.height = part.height;
    if (frame != nullptr && frame->frame_type == kEglFramePitch) {
      view.strides[plane] = static_cast<int>(frame->pitch);
      view.planes[plane] = static_cast<const std::uint8_t*>(frame->frame.pitch[plane]) +
                           part.y * frame->pitch + part.x_bytes;
      continue;
    }
    if (frame != nullptr) {
      // Block-linear: the driver knows the order of its blocks, and copies within the GPU.
      copy.source_kind = kMemoryArray;
      copy.source_array = frame->frame.arrays[plane];
      copy.source_x = part.x_bytes;
      copy.source_y = part.y;
    } else if (OnHost(surface)) {
      copy.source_kind = kMemoryHost;
      copy.source_host = BeginOf(surface, part, i);
      copy.source_pitch = static_cast<std::size_t>(surface.strides[i]);
    } else {
      view.planes[plane] = BeginOf(surface, part, i);
      view.strides[plane] = surface.strides[i];
      continue;
    }
    Stage(&copy, used);
    view.planes[plane] = reinterpret_cast<const std::uint8_t*>(copy.target_device);
    view.strides[plane] = static_cast<int>(copy.target_pitch);
  }
  return view;
}

void Preparer::Stage(Copy2d* copy, std::size_t* used) {
  copy->target_kind = kMemoryDevice;
  copy->target_device = staging_.get() + *used;
  copy->target_pitch = Aligned(copy->width_bytes);
  *used += Aligned(copy->target_pitch * copy->height);
  CopyToDevice(*copy, stream_, transfers_);
}

const EglFrame& Preparer::FrameOf(const JfSurface& surface) {
  const EglFrame& frame = Dmabufs().Get(surface.dmabuf_fd);
  const auto planes = static_cast<unsigned>(FormatOf(surface).planes);
  if (frame.plane_count != planes) {
    throw Failure(JF_UNSUPPORTED, "Expected " + std::to_string(planes) +
                                      " planes of a decoder's picture but got " +
                                      std::to_string(frame.plane_count));
  }
  return frame;
}

}  // namespace jetfleet::cuda
