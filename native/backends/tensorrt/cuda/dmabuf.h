#pragma once

#include <sys/types.h>

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "backends/tensorrt/cuda/driver.h"

/// Pictures of a Jetson's decoder where the GPU reads them: no copy by the processor. NOT YET RUN
/// ON A BOARD; written to the vendor's documentation of the calls, and tested with doubles of them.
namespace jetfleet::cuda {

/// The vendor's library of picture buffers. What it hands out goes back to it.
class PictureBuffers {
 public:
  virtual ~PictureBuffers() = default;
  /// The EGLImage of a DMA-BUF. Throws Failure.
  virtual void* ImageOf(int dmabuf_fd) = 0;
  virtual void Release(int dmabuf_fd, void* image) = 0;
};

/// NvBufSurface (libnvbufsurface, JetPack 5 and up), else NvBuffer (libnvbuf_utils, JetPack 4).
/// Throws Failure JF_LIBRARY, naming both, when the machine has neither. `folder`: where to look
/// for them; empty: where the loader does.
std::unique_ptr<PictureBuffers> OpenPictureBuffers(const std::string& folder = "");

/// Whether this machine has all that it takes: a library of picture buffers, and a driver that
/// reads what that hands out.
bool TakesPictureBuffers(const Driver& driver);

/// What the GPU was told of DMA-BUFs: a decoder has a small, fixed set of them, and telling costs
/// more than a frame's preparation. The oldest is forgotten when there are too many, and one whose
/// number is another buffer's by now. One thread at a time.
class DmabufCache {
 public:
  static constexpr std::size_t kMost = 64;

  /// `driver` outlives it. Throws Failure when the driver has no EGL calls.
  DmabufCache(std::unique_ptr<PictureBuffers> buffers, const Driver& driver);
  ~DmabufCache();
  DmabufCache(const DmabufCache&) = delete;
  DmabufCache& operator=(const DmabufCache&) = delete;

  /// Forgets one that is about to be freed.
  void Drop(int dmabuf_fd);
  /// Valid until kMost others were asked for. Throws Failure.
  const EglFrame& Get(int dmabuf_fd);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    int fd = -1;
    dev_t device = 0;
    ino_t inode = 0;
    void* image = nullptr;
    GraphicsResourceHandle resource = nullptr;
    EglFrame frame{};
  };
  void Forget(const Entry& entry);

  const std::unique_ptr<PictureBuffers> buffers_;
  const Driver& driver_;
  /// Most recently used first.
  std::list<Entry> entries_;
};

}  // namespace jetfleet::cuda
