#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "backends/tensorrt/cuda/driver.h"

/// Owners of what the driver hands out. Constructors throw Failure; destructors give back. Their
/// device's context must be current (`Device::MakeCurrent`) wherever they are made and used.
namespace jetfleet::cuda {

/// A GPU and its primary context, which TensorRT uses as well. Any number of owners of one GPU.
class Device {
 public:
  explicit Device(int ordinal = 0);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// For the calling thread; cheap when it is already.
  void MakeCurrent() const;
  int ordinal() const { return ordinal_; }
  const std::string& name() const { return name_; }
  /// Compute capability: 72 for 7.2.
  int capability() const { return capability_; }
  int multiprocessors() const { return multiprocessors_; }
  /// Shares its memory with the processor, as every Jetson's does.
  bool integrated() const { return integrated_; }

  struct Memory {
    std::size_t free_bytes = 0;
    std::size_t total_bytes = 0;
  };
  Memory memory() const;

 private:
  int Attribute(DeviceAttribute attribute) const;

  int ordinal_;
  DeviceOrdinal device_ = 0;
  ContextHandle context_ = nullptr;
  std::string name_;
  int capability_ = 0;
  int multiprocessors_ = 0;
  bool integrated_ = false;
};

/// Free memory of the GPU that this thread works with; SIZE_MAX where there is none. What fails for
/// want of memory seldom says so.
std::size_t FreeBytes();

/// One thing of the driver with the function that gives it back.
template <typename Handle, Result (*Driver::*Release)(Handle)>
class Owner {
 public:
  Owner() = default;
  explicit Owner(Handle handle) : handle_(handle) {}
  ~Owner() { Reset(); }
  Owner(Owner&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
  Owner& operator=(Owner&& other) noexcept {
    if (this != &other) {
      Reset();
      handle_ = std::exchange(other.handle_, Handle{});
    }
    return *this;
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  Handle get() const { return handle_; }
  explicit operator bool() const { return handle_ != Handle{}; }
  void Reset() {
    if (handle_ != Handle{}) (TheDriver().*Release)(handle_);
    handle_ = Handle{};
  }

 private:
  Handle handle_{};
};

using Stream = Owner<StreamHandle, &Driver::stream_destroy>;
using Event = Owner<EventHandle, &Driver::event_destroy>;
using Module = Owner<ModuleHandle, &Driver::module_unload>;
using Graph = Owner<GraphHandle, &Driver::graph_destroy>;
using GraphExec = Owner<GraphExecHandle, &Driver::graph_exec_destroy>;
using DeviceMemory = Owner<DeviceAddress, &Driver::release>;
using PinnedMemory = Owner<void*, &Driver::release_host>;

/// Whose kernels the GPU takes up first when several are ready.
enum class Urgency { kLow, kHigh };
/// Does not wait for the default stream.
Stream MakeStream(Urgency urgency = Urgency::kLow);
/// Who waits for an event: other streams alone, or the host, which then sleeps and does not spin;
/// the GPU has to interrupt the processor for it.
enum class Waiter { kStream, kHost };
Event MakeEvent(Waiter waiter);
DeviceMemory Allocate(std::size_t bytes);
PinnedMemory AllocatePinned(std::size_t bytes);
Module LoadModule(const void* cubin);
FunctionHandle FunctionOf(const Module& module, const char* name);

void Record(const Event& event, const Stream& stream);
/// What is put on the stream later waits for the event.
void Await(const Stream& stream, const Event& event);
void Synchronize(const Event& event);
void Synchronize(const Stream& stream);

/// Records what `enqueue` puts on the stream as a graph that can be launched again and again.
/// Throws what `enqueue` throws, the stream usable again.
template <typename Enqueue>
GraphExec Capture(const Stream& stream, Enqueue enqueue);
void Launch(const GraphExec& graph, const Stream& stream);

/// Bytes that were copied, counted where the copy is asked for.
struct Transfers {
  std::atomic<std::uint64_t> to_device{0};
  std::atomic<std::uint64_t> to_host{0};
  std::atomic<std::uint64_t> within_device{0};
};

/// Put copies on the stream and count them. Pageable memory is read before they return.
void CopyToDevice(DeviceAddress to, const void* from, std::size_t bytes, const Stream& stream,
                  Transfers* transfers);
void CopyToHost(void* to, DeviceAddress from, std::size_t bytes, const Stream& stream,
                Transfers* transfers);
/// From the host or from an array of the device.
void CopyToDevice(const Copy2d& copy, const Stream& stream, Transfers* transfers);

/// A kernel's size in blocks and threads.
struct Grid {
  unsigned x = 1;
  unsigned y = 1;
  unsigned z = 1;
  unsigned threads_x = 1;
  unsigned threads_y = 1;
};

/// Arguments are copied by the driver before it returns.
template <typename... Args>
void Launch(FunctionHandle function, const Grid& grid, const Stream& stream, Args... args) {
  void* addresses[] = {static_cast<void*>(&args)...};
  const Driver& driver = TheDriver();
  driver.Check(driver.launch(function, grid.x, grid.y, grid.z, grid.threads_x, grid.threads_y, 1, 0,
                             stream.get(), addresses, nullptr),
               "starting a kernel");
}

namespace detail {
void BeginCapture(const Stream& stream);
/// Null when what was captured is of no use.
Graph EndCapture(const Stream& stream);
GraphExec Instantiate(const Graph& graph);
}  // namespace detail

template <typename Enqueue>
GraphExec Capture(const Stream& stream, Enqueue enqueue) {
  detail::BeginCapture(stream);
  try {
    enqueue();
  } catch (...) {
    detail::EndCapture(stream);
    throw;
  }
  return detail::Instantiate(detail::EndCapture(stream));
}

}  // namespace jetfleet::cuda
