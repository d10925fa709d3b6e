#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "backends/backend_abi.h"
#include "backends/tensorrt/cuda/dmabuf.h"
#include "core/geometry.h"

/// Pictures of a Jetson's decoder scaled by the video image compositor (VIC) instead of the GPU.
/// NOT YET RUN ON A BOARD; written to the vendor's documentation of the calls, and tested with
/// doubles of the vendor's libraries.
namespace jetfleet::cuda {

/// The vendor's calls, alike for both forms of its buffers. One thread at a time.
class Compositor {
 public:
  virtual ~Compositor() = default;
  /// A pitch-linear picture of that size, of the same pixels and colours as `like`; returns its
  /// DMA-BUF, which goes back to `Destroy`. Throws Failure.
  virtual int Create(int like, Size size) = 0;
  virtual void Destroy(int dmabuf_fd) = 0;
  /// The pixels and colours of a picture, by the vendor's number. Throws Failure.
  virtual int FormatOf(int dmabuf_fd) = 0;
  /// Scales a part of `from` to all of `to`, bilinear, and returns when it is there. Throws
  /// Failure.
  virtual void Scale(int from, const Rect& part, int to, Size size) = 0;
};

/// NvBufSurfTransform (JetPack 5 and up), else NvBufferTransform (JetPack 4). Throws Failure
/// JF_LIBRARY, naming the package, when the machine has neither.
std::unique_ptr<Compositor> OpenCompositor(const std::string& folder = "");

/// Whether this machine has either.
bool HasCompositor();

/// Where the compositor puts what it scaled. The pictures are used again and again, batch by batch.
/// One thread at a time.
class ScaledPictures {
 public:
  /// Pictures that are kept, beyond those of the batch under way.
  static constexpr std::size_t kMost = 32;

  /// `dmabufs` outlives it, and is told before a picture of its is freed.
  ScaledPictures(std::unique_ptr<Compositor> compositor, DmabufCache* dmabufs);
  ~ScaledPictures();
  ScaledPictures(const ScaledPictures&) = delete;
  ScaledPictures& operator=(const ScaledPictures&) = delete;

  /// Nobody reads the pictures of the last batch any more.
  void BeginBatch();
  /// The visible part of `surface`, as it is stored (not turned), scaled to `size` with its sides
  /// rounded up to even ones: chroma is of half the size. Colours stay those of `surface`. Throws
  /// Failure: JF_UNSUPPORTED for a picture that is not in NVMM memory.
  JfSurface Scale(const JfSurface& surface, Size size);

 private:
  struct Picture {
    int fd = -1;
    int format = 0;
    Size size;
    bool taken = false;
  };
  const Picture& Take(int like, Size size);
  void Free(const Picture& picture);

  const std::unique_ptr<Compositor> compositor_;
  DmabufCache* const dmabufs_;
  /// Most recently used first.
  std::list<Picture> pictures_;
};

}  // namespace jetfleet::cuda
