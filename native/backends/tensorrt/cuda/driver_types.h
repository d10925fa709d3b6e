#pragma once

#include <cstddef>
#include <cstdint>

/// What we use of the CUDA driver API's interface, declared here because a machine that compiles
/// the backend needs no CUDA toolkit. Names and numbers are those of the vendor's documentation of
/// the driver API (CUDA 10.2 to 13: opaque pointers, 32-bit enumerations and 64-bit addresses,
/// which the ABI has kept since CUDA 3.2's `_v2` entry points).
struct CUctx_st;
struct CUstream_st;
struct CUevent_st;
struct CUmod_st;
struct CUfunc_st;
struct CUgraph_st;
struct CUgraphExec_st;
struct CUgraphicsResource_st;
struct CUarray_st;

namespace jetfleet::cuda {

using Result = int;
using DeviceOrdinal = int;
using DeviceAddress = std::uint64_t;
using ContextHandle = CUctx_st*;
/// The same type as cudaStream_t, which TensorRT takes.
using StreamHandle = CUstream_st*;
using EventHandle = CUevent_st*;
using ModuleHandle = CUmod_st*;
using FunctionHandle = CUfunc_st*;
using GraphHandle = CUgraph_st*;
using GraphExecHandle = CUgraphExec_st*;
using GraphicsResourceHandle = CUgraphicsResource_st*;
using ArrayHandle = CUarray_st*;
using HostFunction = void (*)(void* user);

constexpr Result kSuccess = 0;
constexpr Result kErrorOutOfMemory = 2;
constexpr Result kErrorNoDevice = 100;
constexpr Result kErrorNoBinaryForGpu = 209;
constexpr Result kErrorNotReady = 600;

/// CUdevice_attribute.
enum class DeviceAttribute : int {
  kMultiprocessorCount = 16,
  kIntegrated = 18,
  kCapabilityMajor = 75,
  kCapabilityMinor = 76,
};

constexpr unsigned kStreamNonBlocking = 1;
constexpr unsigned kEventBlockingSync = 1;
constexpr unsigned kEventDisableTiming = 2;
/// CU_STREAM_CAPTURE_MODE_RELAXED: other threads may go on allocating meanwhile.
constexpr int kCaptureRelaxed = 2;

/// CUmemorytype.
constexpr unsigned kMemoryHost = 1;
constexpr unsigned kMemoryDevice = 2;
constexpr unsigned kMemoryArray = 3;

/// CUDA_MEMCPY2D_v2.
struct Copy2d {
  std::size_t source_x;
  std::size_t source_y;
  unsigned source_kind;
  const void* source_host;
  DeviceAddress source_device;
  ArrayHandle source_array;
  std::size_t source_pitch;
  std::size_t target_x;
  std::size_t target_y;
  unsigned target_kind;
  void* target_host;
  DeviceAddress target_device;
  ArrayHandle target_array;
  std::size_t target_pitch;
  std::size_t width_bytes;
  std::size_t height;
};

/// CUeglFrame of cudaEGL.h: planes of a picture that another part of the chip made.
struct EglFrame {
  union {
    ArrayHandle arrays[3];
    void* pitch[3];
  } frame;
  unsigned width;
  unsigned height;
  unsigned depth;
  unsigned pitch;
  unsigned plane_count;
  unsigned channels;
  int frame_type;
  int color_format;
  int array_format;
};
/// CUeglFrameType.
constexpr int kEglFrameArray = 0;
constexpr int kEglFramePitch = 1;
/// CUgraphicsMapResourceFlags: CU_GRAPHICS_MAP_RESOURCE_FLAGS_READ_ONLY.
constexpr unsigned kGraphicsReadOnly = 1;

}  // namespace jetfleet::cuda
