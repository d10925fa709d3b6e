#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "backends/tensorrt/cuda/driver_types.h"
#include "backends/tensorrt/cuda/failure.h"

/// The CUDA driver, found at run time: nothing of CUDA is linked, so the backend loads on a machine
/// without a GPU and says what is missing.
namespace jetfleet::cuda {

/// X(member, exported symbol, signature). What every driver from CUDA 10.2 (JetPack 4.6) on has.
#define JETFLEET_CUDA_FUNCTIONS(X)                                                               \
  X(init, "cuInit", Result(unsigned))                                                            \
  X(driver_version, "cuDriverGetVersion", Result(int*))                                          \
  X(error_name, "cuGetErrorName", Result(Result, const char**))                                  \
  X(error_string, "cuGetErrorString", Result(Result, const char**))                              \
  X(device_count, "cuDeviceGetCount", Result(int*))                                              \
  X(device_get, "cuDeviceGet", Result(DeviceOrdinal*, int))                                      \
  X(device_name, "cuDeviceGetName", Result(char*, int, DeviceOrdinal))                           \
  X(device_total, "cuDeviceTotalMem_v2", Result(std::size_t*, DeviceOrdinal))                    \
  X(device_attribute, "cuDeviceGetAttribute", Result(int*, int, DeviceOrdinal))                  \
  X(primary_retain, "cuDevicePrimaryCtxRetain", Result(ContextHandle*, DeviceOrdinal))           \
  X(primary_release, "cuDevicePrimaryCtxRelease", Result(DeviceOrdinal))                         \
  X(context_set, "cuCtxSetCurrent", Result(ContextHandle))                                       \
  X(context_get, "cuCtxGetCurrent", Result(ContextHandle*))                                      \
  X(context_synchronize, "cuCtxSynchronize", Result())                                           \
  X(memory_info, "cuMemGetInfo_v2", Result(std::size_t*, std::size_t*))                          \
  X(allocate, "cuMemAlloc_v2", Result(DeviceAddress*, std::size_t))                              \
  X(release, "cuMemFree_v2", Result(DeviceAddress))                                              \
  X(allocate_host, "cuMemHostAlloc", Result(void**, std::size_t, unsigned))                      \
  X(release_host, "cuMemFreeHost", Result(void*))                                                \
  X(to_device, "cuMemcpyHtoDAsync_v2",                                                           \
    Result(DeviceAddress, const void*, std::size_t, StreamHandle))                               \
  X(to_host, "cuMemcpyDtoHAsync_v2", Result(void*, DeviceAddress, std::size_t, StreamHandle))    \
  X(within_device, "cuMemcpyDtoDAsync_v2",                                                       \
    Result(DeviceAddress, DeviceAddress, std::size_t, StreamHandle))                             \
  X(copy_2d, "cuMemcpy2DAsync_v2", Result(const Copy2d*, StreamHandle))                          \
  X(fill_words, "cuMemsetD2D32Async",                                                            \
    Result(DeviceAddress, std::size_t, unsigned, std::size_t, std::size_t, StreamHandle))        \
  X(stream_create, "cuStreamCreateWithPriority", Result(StreamHandle*, unsigned, int))           \
  X(stream_priorities, "cuCtxGetStreamPriorityRange", Result(int*, int*))                        \
  X(stream_destroy, "cuStreamDestroy_v2", Result(StreamHandle))                                  \
  X(stream_synchronize, "cuStreamSynchronize", Result(StreamHandle))                             \
  X(stream_wait, "cuStreamWaitEvent", Result(StreamHandle, EventHandle, unsigned))               \
  X(event_create, "cuEventCreate", Result(EventHandle*, unsigned))                               \
  X(event_destroy, "cuEventDestroy_v2", Result(EventHandle))                                     \
  X(event_record, "cuEventRecord", Result(EventHandle, StreamHandle))                            \
  X(event_synchronize, "cuEventSynchronize", Result(EventHandle))                                \
  X(event_query, "cuEventQuery", Result(EventHandle))                                            \
  X(module_load, "cuModuleLoadData", Result(ModuleHandle*, const void*))                         \
  X(module_unload, "cuModuleUnload", Result(ModuleHandle))                                       \
  X(module_function, "cuModuleGetFunction", Result(FunctionHandle*, ModuleHandle, const char*))  \
  X(launch, "cuLaunchKernel",                                                                    \
    Result(FunctionHandle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, \
           StreamHandle, void**, void**))                                                        \
  X(capture_begin, "cuStreamBeginCapture_v2", Result(StreamHandle, int))                         \
  X(capture_end, "cuStreamEndCapture", Result(StreamHandle, GraphHandle*))                       \
  X(graph_destroy, "cuGraphDestroy", Result(GraphHandle))                                        \
  X(graph_launch, "cuGraphLaunch", Result(GraphExecHandle, StreamHandle))                        \
  X(graph_exec_destroy, "cuGraphExecDestroy", Result(GraphExecHandle))                           \
  /* Since CUDA 10.0; newer drivers keep it for older programs. */                               \
  X(graph_instantiate, "cuGraphInstantiate",                                                     \
    Result(GraphExecHandle*, GraphHandle, void*, char*, std::size_t))

/// What only a Jetson's driver need have. Null elsewhere, perhaps.
#define JETFLEET_CUDA_EGL_FUNCTIONS(X)                                                            \
  X(egl_register, "cuGraphicsEGLRegisterImage", Result(GraphicsResourceHandle*, void*, unsigned)) \
  X(egl_frame, "cuGraphicsResourceGetMappedEglFrame",                                             \
    Result(EglFrame*, GraphicsResourceHandle, unsigned, unsigned))                                \
  X(egl_unregister, "cuGraphicsUnregisterResource", Result(GraphicsResourceHandle))

template <typename Signature>
struct FunctionPointer;
template <typename R, typename... Args>
struct FunctionPointer<R(Args...)> {
  using Type = R (*)(Args...);
};

struct Driver {
#define JETFLEET_MEMBER(name, symbol, ...) FunctionPointer<__VA_ARGS__>::Type name = nullptr;
  JETFLEET_CUDA_FUNCTIONS(JETFLEET_MEMBER)
  JETFLEET_CUDA_EGL_FUNCTIONS(JETFLEET_MEMBER)
#undef JETFLEET_MEMBER
  /// 1000 × major + 10 × minor of the newest CUDA that it serves.
  int version = 0;

  /// Throws Failure, naming the call and the driver's own word, unless `result` is success.
  void Check(Result result, const char* doing) const;
  std::string Explain(Result result) const;
};

/// The driver of this machine, opened once per process. Throws Failure: JF_LIBRARY without a driver
/// or with one that is too old, JF_UNSUPPORTED without a GPU.
const Driver& TheDriver();

/// Opens a library as the driver and calls nothing but cuDriverGetVersion; for tests of its
/// absence.
Driver LoadDriver(const std::string& path);

}  // namespace jetfleet::cuda
