#include "backends/tensorrt/cuda/dmabuf.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "core/memory/nvbuf.h"

namespace jetfleet::cuda {
namespace {

using nvbuf::Find;
using nvbuf::SurfaceBatch;

class NvBufSurfaces final : public PictureBuffers {
 public:
  static std::unique_ptr<PictureBuffers> Open(const std::string& folder) {
    void* const library = nvbuf::OpenLibrary(folder, nvbuf::kSurfaceLibrary);
    if (library == nullptr) return nullptr;
    auto made = std::make_unique<NvBufSurfaces>();
    const bool whole = Find(library, "NvBufSurfaceFromFd", &made->from_fd_) &&
                       Find(library, "NvBufSurfaceMapEglImage", &made->map_) &&
                       Find(library, "NvBufSurfaceUnMapEglImage", &made->unmap_);
    return whole ? std::move(made) : nullptr;
  }

  void* ImageOf(int dmabuf_fd) override {
    SurfaceBatch* const surface = SurfaceOf(dmabuf_fd);
    if (surface == nullptr || map_(surface, 0) != 0 || surface->surfaces[0].egl_image == nullptr) {
      throw Failure(JF_INTERNAL, "NvBufSurface gives no EGL image of a decoder's picture");
    }
    return surface->surfaces[0].egl_image;
  }

  void Release(int dmabuf_fd, void*) override {
    SurfaceBatch* const surface = SurfaceOf(dmabuf_fd);
    if (surface != nullptr) unmap_(surface, 0);
  }

 private:
  SurfaceBatch* SurfaceOf(int dmabuf_fd) const {
    void* surface = nullptr;
    return from_fd_(dmabuf_fd, &surface) == 0 ? static_cast<SurfaceBatch*>(surface) : nullptr;
  }

  nvbuf::SurfaceFromFd* from_fd_ = nullptr;
  nvbuf::SurfaceMapEglImage* map_ = nullptr;
  nvbuf::SurfaceMapEglImage* unmap_ = nullptr;
};

class NvBuffers final : public PictureBuffers {
 public:
  static std::unique_ptr<PictureBuffers> Open(const std::string& folder) {
    void* const library = nvbuf::OpenLibrary(folder, nvbuf::kUtilsLibrary);
    if (library == nullptr) return nullptr;
    auto made = std::make_unique<NvBuffers>();
    const bool whole = Find(library, "NvEGLImageFromFd", &made->image_) &&
                       Find(library, "NvDestroyEGLImage", &made->destroy_);
    return whole ? std::move(made) : nullptr;
  }

  void* ImageOf(int dmabuf_fd) override {
    // No display: the library takes the default one.
    void* const image = image_(nullptr, dmabuf_fd);
    if (image == nullptr) {
      throw Failure(JF_INTERNAL, "NvBuffer gives no EGL image of a decoder's picture");
    }
    return image;
  }

  void Release(int, void* image) override { destroy_(nullptr, image); }

 private:
  nvbuf::BufferEglImage* image_ = nullptr;
  nvbuf::BufferDestroyImage* destroy_ = nullptr;
};

/// Null when there is neither.
std::unique_ptr<PictureBuffers> Open(const std::string& folder) {
  std::unique_ptr<PictureBuffers> buffers = NvBufSurfaces::Open(folder);
  return buffers != nullptr ? std::move(buffers) : NvBuffers::Open(folder);
}

bool ReadsEglImages(const Driver& driver) {
  return driver.egl_register != nullptr && driver.egl_frame != nullptr &&
         driver.egl_unregister != nullptr;
}

}  // namespace

bool TakesPictureBuffers(const Driver& driver) {
  return ReadsEglImages(driver) && Open("") != nullptr;
}

std::unique_ptr<PictureBuffers> OpenPictureBuffers(const std::string& folder) {
  std::unique_ptr<PictureBuffers> buffers = Open(folder);
  if (buffers != nullptr) return buffers;
  throw Failure(
      JF_LIBRARY,
      "Expected libnvbufsurface.so (JetPack 5 and up) or libnvbuf_utils.so (JetPack 4) for "
      "pictures in NVMM memory but there is neither: install the package "
      "nvidia-l4t-multimedia-utils");
}

DmabufCache::DmabufCache(std::unique_ptr<PictureBuffers> buffers, const Driver& driver)
    : buffers_(std::move(buffers)), driver_(driver) {
  if (!ReadsEglImages(driver)) {
    throw Failure(
        JF_UNSUPPORTED,
        "Expected a CUDA driver that reads EGL images, as a Jetson's does, for pictures in "
        "NVMM memory");
  }
}

DmabufCache::~DmabufCache() {
  for (const Entry& entry : entries_) Forget(entry);
}

void DmabufCache::Forget(const Entry& entry) {
  if (entry.resource != nullptr) driver_.egl_unregister(entry.resource);
  buffers_->Release(entry.fd, entry.image);
}

void DmabufCache::Drop(int dmabuf_fd) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.fd == dmabuf_fd; });
  if (found == entries_.end()) return;
  Forget(*found);
  entries_.erase(found);
}

const EglFrame& DmabufCache::Get(int dmabuf_fd) {
  struct stat status {};
  if (fstat(dmabuf_fd, &status) != 0) {
    throw Failure(JF_INTERNAL, "Expected a DMA-BUF of a picture but got descriptor " +
                                   std::to_string(dmabuf_fd) + ", which is not open");
  }
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.fd == dmabuf_fd; });
  if (found != entries_.end()) {
    if (found->device == status.st_dev && found->inode == status.st_ino) {
      entries_.splice(entries_.begin(), entries_, found);
      return entries_.front().frame;
    }
    // The number was closed and is another buffer's now.
    Forget(*found);
    entries_.erase(found);
  }
  if (entries_.size() >= kMost) {
    Forget(entries_.back());
    entries_.pop_back();
  }
  Entry entry;
  entry.fd = dmabuf_fd;
  entry.device = status.st_dev;
  entry.inode = status.st_ino;
  entry.image = buffers_->ImageOf(dmabuf_fd);
  try {
    driver_.Check(driver_.egl_register(&entry.resource, entry.image, kGraphicsReadOnly),
                  "taking a decoder's picture");
    driver_.Check(driver_.egl_frame(&entry.frame, entry.resource, 0, 0),
                  "looking at a decoder's picture");
  } catch (...) {
    Forget(entry);
    throw;
  }
  entries_.push_front(entry);
  return entries_.front().frame;
}

}  // namespace jetfleet::cuda
