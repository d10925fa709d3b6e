#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <string>

/// What we use of the vendor's picture buffers on a Jetson, declared here because no other machine
/// has the headers. Members, numbers and calls are those of nvbufsurface.h and nvbufsurftransform.h
/// (Jetson Linux API reference, r35 and r36) and of nvbuf_utils.h (Jetson Linux Multimedia API
/// reference, r32); 64-bit. Libraries: facts of JetPack's migration guide from nvbuf_utils.
namespace jetfleet::nvbuf {

constexpr const char* kSurfaceLibrary = "libnvbufsurface.so";
constexpr const char* kTransformLibrary = "libnvbufsurftransform.so";
constexpr const char* kUtilsLibrary = "libnvbuf_utils.so";
constexpr const char* kPackage = "nvidia-l4t-multimedia-utils";

// --- JetPack 5 and up ---

/// NvBufSurfaceParams, as far as we read it.
struct SurfaceParameters {
  std::uint32_t width, height, pitch;
  std::int32_t color_format, layout;
  std::uint64_t descriptor;
  std::uint32_t data_size;
  void* data;
  struct {
    std::uint32_t planes;
    std::uint32_t fields[6][4];
    void* reserved[16];
  } planes;
  void* mapped[4];
  void* egl_image;
};
/// NvBufSurface, as far as we read it.
struct SurfaceBatch {
  std::uint32_t gpu, batch_size, filled;
  bool contiguous;
  std::int32_t memory_type;
  SurfaceParameters* surfaces;
};
static_assert(offsetof(SurfaceParameters, descriptor) == 24);
static_assert(offsetof(SurfaceParameters, egl_image) == 312);
static_assert(offsetof(SurfaceBatch, surfaces) == 24);

/// NvBufSurfaceCreateParams.
struct SurfaceCreate {
  std::uint32_t gpu, width, height, size;
  bool contiguous;
  std::int32_t color_format, layout, memory_type;
};
/// NvBufSurfTransformRect and NvBufferRect.
struct Rectangle {
  std::uint32_t top, left, width, height;
};
/// NvBufSurfTransformConfigParams.
struct TransformSession {
  std::int32_t compute;
  std::int32_t gpu;
  void* stream;
};
/// NvBufSurfTransformParams.
struct SurfaceTransform {
  std::uint32_t flags;
  std::int32_t flip, filter;
  Rectangle* source;
  Rectangle* target;
};

/// NVBUF_LAYOUT_PITCH, NvBufferLayout_Pitch.
constexpr std::int32_t kPitchLinear = 0;
/// NVBUF_MEM_SURFACE_ARRAY, and NVBUF_MEM_DEFAULT, which on a Jetson is the same.
constexpr std::int32_t kSurfaceArray = 4;
constexpr std::int32_t kDefaultMemory = 0;
/// NvBufSurfTransformCompute_VIC.
constexpr std::int32_t kOnVic = 2;
/// …_CROP_SRC, …_CROP_DST and …_FILTER of both.
constexpr std::uint32_t kCropSource = 1;
constexpr std::uint32_t kCropTarget = 2;
constexpr std::uint32_t kSetFilter = 4;
/// NvBufSurfTransformInter_Bilinear, NvBufferTransform_Filter_Bilinear.
constexpr std::int32_t kBilinear = 1;

using SurfaceFromFd = int(int, void**);
using SurfaceMapEglImage = int(SurfaceBatch*, int);
using SurfaceCreateCall = int(SurfaceBatch**, std::uint32_t, SurfaceCreate*);
using SurfaceDestroy = int(SurfaceBatch*);
using SetSession = int(TransformSession*);
using TransformSurface = int(SurfaceBatch*, SurfaceBatch*, SurfaceTransform*);

// --- JetPack 4 ---

/// NvBufferCreateParams.
struct BufferCreate {
  std::int32_t width, height, payload, memory_size, layout, color_format, tag;
};
/// NvBufferParams.
struct BufferParameters {
  std::uint32_t descriptor;
  void* buffer;
  std::int32_t payload, memory_size;
  std::uint32_t size;
  std::int32_t color_format;
  std::uint32_t planes;
  std::uint32_t fields[6][4];
};
static_assert(offsetof(BufferParameters, color_format) == 28);
static_assert(sizeof(BufferParameters) == 136);
/// NvBufferTransformParams.
struct BufferTransform {
  std::uint32_t flags;
  std::int32_t flip, filter;
  Rectangle source, target;
  void* session;
};
static_assert(offsetof(BufferTransform, session) == 48);
/// NvBufferTag_VIDEO_CONVERT.
constexpr std::int32_t kTagConvert = 0xf01;

using BufferEglImage = void*(void*, int);
using BufferDestroyImage = int(void*, void*);
using BufferCreateCall = int(int*, BufferCreate*);
using BufferDestroy = int(int);
using BufferGetParameters = int(int, BufferParameters*);
using TransformBuffer = int(int, int, BufferTransform*);

/// ExtractFdFromNvBuffer: the DMA-BUF of what a decoder's picture is when it is mapped.
using ExtractFd = int(void*, int*);

/// A library of the vendor's, from `folder` or, when that is empty, from where the loader looks. It
/// stays open until the process ends, as its threads do. Null when it is absent.
inline void* OpenLibrary(const std::string& folder, const char* name) {
  const std::string path = folder.empty() ? name : folder + "/" + name;
  return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

/// False when the library does not have it.
template <typename Signature>
bool Find(void* library, const char* symbol, Signature** function) {
  void* const found = dlsym(library, symbol);
  *function = reinterpret_cast<Signature*>(found);
  return found != nullptr;
}

}  // namespace jetfleet::nvbuf
