#include "backends/tensorrt/cuda/vic.h"

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "core/memory/nvbuf.h"

namespace jetfleet::cuda {
namespace {

using nvbuf::Find;

std::string Text(Size size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

[[noreturn]] void ThrowScaling(const char* call, int result, const Rect& part, Size size) {
  throw Failure(JF_INTERNAL, std::string("Expected ") + call + " to scale " +
                                 Text({part.width, part.height}) + " to " + Text(size) +
                                 " on the VIC but it answered " + std::to_string(result) +
                                 "; ask for preprocessing by cuda");
}

[[noreturn]] void ThrowMemory(const char* call, Size size) {
  throw Failure(JF_OUT_OF_MEMORY, std::string("Expected ") + call + " to give a picture of " +
                                      Text(size) + " for the VIC but it gave none");
}

[[noreturn]] void ThrowForeign(int dmabuf_fd) {
  throw Failure(JF_INTERNAL, "Expected a decoder's picture for the VIC but got descriptor " +
                                 std::to_string(dmabuf_fd) + ", which the vendor does not know");
}

nvbuf::Rectangle RectangleOf(const Rect& rect) {
  return {static_cast<std::uint32_t>(rect.y), static_cast<std::uint32_t>(rect.x),
          static_cast<std::uint32_t>(rect.width), static_cast<std::uint32_t>(rect.height)};
}

constexpr std::uint32_t kFlags = nvbuf::kCropSource | nvbuf::kCropTarget | nvbuf::kSetFilter;

class SurfaceCompositor final : public Compositor {
 public:
  static std::unique_ptr<Compositor> Open(const std::string& folder) {
    void* const surfaces = nvbuf::OpenLibrary(folder, nvbuf::kSurfaceLibrary);
    void* const transforms = nvbuf::OpenLibrary(folder, nvbuf::kTransformLibrary);
    if (surfaces == nullptr || transforms == nullptr) return nullptr;
    auto made = std::make_unique<SurfaceCompositor>();
    const bool whole =
        Find(surfaces, "NvBufSurfaceFromFd", &made->from_fd_) &&
        Find(surfaces, "NvBufSurfaceCreate", &made->create_) &&
        Find(surfaces, "NvBufSurfaceDestroy", &made->destroy_) &&
        Find(transforms, "NvBufSurfTransformSetSessionParams", &made->set_session_) &&
        Find(transforms, "NvBufSurfTransform", &made->transform_);
    if (!whole) made.reset();
    return made;
  }

  ~SurfaceCompositor() override {
    for (const auto& [fd, surface] : made_) destroy_(surface);
  }

  int Create(int like, Size size) override {
    nvbuf::SurfaceCreate wanted{};
    wanted.width = static_cast<std::uint32_t>(size.width);
    wanted.height = static_cast<std::uint32_t>(size.height);
    wanted.color_format = FormatOf(like);
    wanted.layout = nvbuf::kPitchLinear;
    wanted.memory_type = nvbuf::kSurfaceArray;
    nvbuf::SurfaceBatch* surface = nullptr;
    if (create_(&surface, 1, &wanted) != 0 || surface == nullptr) {
      ThrowMemory("NvBufSurfaceCreate", size);
    }
    surface->filled = 1;
    const int fd = static_cast<int>(surface->surfaces[0].descriptor);
    made_[fd] = surface;
    return fd;
  }

  void Destroy(int dmabuf_fd) override {
    const auto found = made_.find(dmabuf_fd);
    if (found == made_.end()) return;
    destroy_(found->second);
    made_.erase(found);
  }

  int FormatOf(int dmabuf_fd) override { return SurfaceOf(dmabuf_fd)->surfaces[0].color_format; }

  void Scale(int from, const Rect& part, int to, Size size) override {
    UseVic();
    nvbuf::Rectangle source = RectangleOf(part);
    nvbuf::Rectangle target = RectangleOf({0, 0, size.width, size.height});
    nvbuf::SurfaceTransform how{kFlags, 0, nvbuf::kBilinear, &source, &target};
    const int result = transform_(SurfaceOf(from), SurfaceOf(to), &how);
    if (result != 0) ThrowScaling("NvBufSurfTransform", result, part, size);
  }

 private:
  nvbuf::SurfaceBatch* SurfaceOf(int dmabuf_fd) const {
    void* surface = nullptr;
    if (from_fd_(dmabuf_fd, &surface) != 0 || surface == nullptr) ThrowForeign(dmabuf_fd);
    return static_cast<nvbuf::SurfaceBatch*>(surface);
  }

  /// A session is its thread's, and pictures may be prepared by another after a model was swapped.
  void UseVic() {
    if (session_of_ == std::this_thread::get_id()) return;
    nvbuf::TransformSession session{nvbuf::kOnVic, 0, nullptr};
    const int result = set_session_(&session);
    if (result != 0) {
      throw Failure(JF_UNSUPPORTED,
                    "Expected NvBufSurfTransformSetSessionParams to take the VIC but it answered " +
                        std::to_string(result) + "; ask for preprocessing by cuda");
    }
    session_of_ = std::this_thread::get_id();
  }

  std::map<int, nvbuf::SurfaceBatch*> made_;
  std::thread::id session_of_;
  nvbuf::SurfaceFromFd* from_fd_ = nullptr;
  nvbuf::SurfaceCreateCall* create_ = nullptr;
  nvbuf::SurfaceDestroy* destroy_ = nullptr;
  nvbuf::SetSession* set_session_ = nullptr;
  nvbuf::TransformSurface* transform_ = nullptr;
};

class BufferCompositor final : public Compositor {
 public:
  static std::unique_ptr<Compositor> Open(const std::string& folder) {
    void* const library = nvbuf::OpenLibrary(folder, nvbuf::kUtilsLibrary);
    if (library == nullptr) return nullptr;
    auto made = std::make_unique<BufferCompositor>();
    const bool whole = Find(library, "NvBufferGetParams", &made->parameters_) &&
                       Find(library, "NvBufferCreateEx", &made->create_) &&
                       Find(library, "NvBufferDestroy", &made->destroy_) &&
                       Find(library, "NvBufferTransform", &made->transform_);
    if (!whole) made.reset();
    return made;
  }

  int Create(int like, Size size) override {
    nvbuf::BufferCreate wanted{};
    wanted.width = size.width;
    wanted.height = size.height;
    wanted.layout = nvbuf::kPitchLinear;
    wanted.color_format = FormatOf(like);
    wanted.tag = nvbuf::kTagConvert;
    int fd = -1;
    if (create_(&fd, &wanted) != 0 || fd < 0) ThrowMemory("NvBufferCreateEx", size);
    return fd;
  }

  void Destroy(int dmabuf_fd) override { destroy_(dmabuf_fd); }

  int FormatOf(int dmabuf_fd) override {
    nvbuf::BufferParameters parameters{};
    if (parameters_(dmabuf_fd, &parameters) != 0) ThrowForeign(dmabuf_fd);
    return parameters.color_format;
  }

  void Scale(int from, const Rect& part, int to, Size size) override {
    nvbuf::BufferTransform how{};
    how.flags = kFlags;
    how.filter = nvbuf::kBilinear;
    how.source = RectangleOf(part);
    how.target = RectangleOf({0, 0, size.width, size.height});
    const int result = transform_(from, to, &how);
    if (result != 0) ThrowScaling("NvBufferTransform", result, part, size);
  }

 private:
  nvbuf::BufferGetParameters* parameters_ = nullptr;
  nvbuf::BufferCreateCall* create_ = nullptr;
  nvbuf::BufferDestroy* destroy_ = nullptr;
  nvbuf::TransformBuffer* transform_ = nullptr;
};

/// Null when there is neither.
std::unique_ptr<Compositor> Open(const std::string& folder) {
  std::unique_ptr<Compositor> compositor = SurfaceCompositor::Open(folder);
  if (compositor == nullptr) compositor = BufferCompositor::Open(folder);
  return compositor;
}

int Even(int side) { return (side + 1) & ~1; }

}  // namespace

std::unique_ptr<Compositor> OpenCompositor(const std::string& folder) {
  std::unique_ptr<Compositor> compositor = Open(folder);
  if (compositor != nullptr) return compositor;
  throw Failure(JF_LIBRARY, std::string("Expected ") + nvbuf::kTransformLibrary +
                                " (JetPack 5 and up) or " + nvbuf::kUtilsLibrary +
                                " (JetPack 4) for preprocessing by vic but there is neither: "
                                "install the package " +
                                nvbuf::kPackage + ", or ask for preprocessing by cuda");
}

bool HasCompositor() { return Open("") != nullptr; }

ScaledPictures::ScaledPictures(std::unique_ptr<Compositor> compositor, DmabufCache* dmabufs)
    : compositor_(std::move(compositor)), dmabufs_(dmabufs) {}

ScaledPictures::~ScaledPictures() {
  for (const Picture& picture : pictures_) Free(picture);
}

void ScaledPictures::BeginBatch() {
  for (Picture& picture : pictures_) picture.taken = false;
  while (pictures_.size() > kMost) {
    Free(pictures_.back());
    pictures_.pop_back();
  }
}

JfSurface ScaledPictures::Scale(const JfSurface& surface, Size size) {
  if (surface.memory != JF_NVMM) {
    throw Failure(JF_UNSUPPORTED,
                  "Expected a decoder's picture in NVMM memory for preprocessing by vic but got "
                  "one in other memory; ask for preprocessing by cuda or cpu");
  }
  const Picture& picture = Take(surface.dmabuf_fd, {Even(size.width), Even(size.height)});
  compositor_->Scale(
      surface.dmabuf_fd,
      {surface.visible_x, surface.visible_y, surface.visible_width, surface.visible_height},
      picture.fd, picture.size);
  JfSurface scaled = surface;
  scaled.dmabuf_fd = picture.fd;
  scaled.coded_width = scaled.visible_width = picture.size.width;
  scaled.coded_height = scaled.visible_height = picture.size.height;
  scaled.visible_x = scaled.visible_y = 0;
  return scaled;
}

const ScaledPictures::Picture& ScaledPictures::Take(int like, Size size) {
  const int format = compositor_->FormatOf(like);
  auto found = std::find_if(pictures_.begin(), pictures_.end(), [&](const Picture& picture) {
    return !picture.taken && picture.format == format && picture.size == size;
  });
  if (found == pictures_.end()) {
    const int fd = compositor_->Create(like, size);
    pictures_.push_front({fd, format, size, true});
  } else {
    pictures_.splice(pictures_.begin(), pictures_, found);
    pictures_.front().taken = true;
  }
  return pictures_.front();
}

void ScaledPictures::Free(const Picture& picture) {
  dmabufs_->Drop(picture.fd);
  compositor_->Destroy(picture.fd);
}

}  // namespace jetfleet::cuda
