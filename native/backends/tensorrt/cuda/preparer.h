#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backends/backend_abi.h"
#include "backends/tensorrt/cuda/dmabuf.h"
#include "backends/tensorrt/cuda/kernel_cache.h"
#include "backends/tensorrt/cuda/owners.h"
#include "backends/tensorrt/cuda/picture.h"
#include "backends/tensorrt/cuda/vic.h"

namespace jetfleet::cuda {

/// Brings pictures into a model's input on the GPU, on a stream of its own, so that the next batch
/// is prepared while the last one runs. Pictures of the host are brought over first; those in the
/// GPU's memory, and pitch-linear ones of a Jetson's decoder, are read where they lie; block-linear
/// ones are copied once within the GPU (dmabuf.h: not yet run on a board). One thread at a time.
class Preparer {
 public:
  /// Who scales: the kernel itself, or the compositor in front of it (vic.h: not yet run on a
  /// board). Colours, padding and types are the kernel's either way.
  enum class Scaling { kCuda, kVic };

  /// Compiles the kernel, or takes it from the cache. `transfers` outlives it. Throws Failure, for
  /// kVic also where the vendor's libraries are absent.
  Preparer(const Device& device, const KernelCache& kernels, Transfers* transfers,
           Scaling scaling = Scaling::kCuda);
  ~Preparer();
  Preparer(const Preparer&) = delete;
  Preparer& operator=(const Preparer&) = delete;

  /// Fills slots 0 to count-1 of `input` (float32, float16, uint8 or int8, [N,3,H,W] or [N,H,W,3],
  /// in CUDA memory); what `consumer` is told later waits for it. Pageable pictures may change as
  /// soon as it returns, pinned and CUDA ones once that work is over. Throws Failure:
  /// JF_UNSUPPORTED for what it does not prepare.
  void Prepare(const std::vector<JfSurface>& surfaces, const std::vector<JfRect>& rects,
               const JfPreprocess& preprocess, const JfTensor& input, bool channels_last,
               const Stream& consumer);

 private:
  std::vector<JfSurface> ScaledByVic(const std::vector<JfSurface>& surfaces,
                                     const std::vector<JfRect>& rects);
  DmabufCache& Dmabufs();
  PictureView ViewOf(const JfSurface& surface, std::size_t* used);
  void Reserve(const std::vector<JfSurface>& surfaces);
  /// Has a part of a plane copied behind what is staged already.
  void Stage(Copy2d* copy, std::size_t* used);
  const EglFrame& FrameOf(const JfSurface& surface);

  const Device& device_;
  Transfers* const transfers_;
  Module module_;
  FunctionHandle function_;
  Stream stream_;
  Event done_;
  /// Made for the first picture in NVMM memory.
  std::unique_ptr<DmabufCache> dmabufs_;
  /// Null: the kernel scales.
  std::unique_ptr<ScaledPictures> scaled_;
  /// Where pictures of the host go, and block-linear ones. Everything is on one stream: nobody
  /// writes over what is read.
  DeviceMemory staging_;
  std::size_t staging_bytes_ = 0;
};

}  // namespace jetfleet::cuda
