#include "backends/tensorrt/cuda/owners.h"

#include <array>

namespace jetfleet::cuda {
namespace {

/// Calls that make one thing and leave its handle in their first argument.
template <typename Handle, typename Make>
Handle Made(const char* doing, Make make) {
  Handle handle{};
  TheDriver().Check(make(&handle), doing);
  return handle;
}

}  // namespace

Device::Device(int ordinal) : ordinal_(ordinal) {
  const Driver& driver = TheDriver();
  int count = 0;
  driver.Check(driver.device_count(&count), "counting GPUs");
  if (ordinal < 0 || ordinal >= count) {
    throw Failure(JF_UNSUPPORTED, "Expected one of " + std::to_string(count) +
                                      " GPUs but got number " + std::to_string(ordinal));
  }
  driver.Check(driver.device_get(&device_, ordinal), "looking for a GPU");
  std::array<char, 256> name{};
  driver.Check(driver.device_name(name.data(), static_cast<int>(name.size()) - 1, device_),
               "asking for the GPU's name");
  name_ = name.data();
  capability_ = Attribute(DeviceAttribute::kCapabilityMajor) * 10 +
                Attribute(DeviceAttribute::kCapabilityMinor);
  multiprocessors_ = Attribute(DeviceAttribute::kMultiprocessorCount);
  integrated_ = Attribute(DeviceAttribute::kIntegrated) != 0;
  driver.Check(driver.primary_retain(&context_, device_), "making the GPU's context");
}

Device::~Device() { TheDriver().primary_release(device_); }

int Device::Attribute(DeviceAttribute attribute) const {
  const Driver& driver = TheDriver();
  int value = 0;
  driver.Check(driver.device_attribute(&value, static_cast<int>(attribute), device_),
               "asking for the GPU's properties");
  return value;
}

void Device::MakeCurrent() const {
  const Driver& driver = TheDriver();
  ContextHandle current = nullptr;
  if (driver.context_get(&current) == kSuccess && current == context_) return;
  driver.Check(driver.context_set(context_), "entering the GPU's context");
}

Device::Memory Device::memory() const {
  MakeCurrent();
  Memory memory;
  TheDriver().Check(TheDriver().memory_info(&memory.free_bytes, &memory.total_bytes),
                    "asking for the GPU's free memory");
  return memory;
}

std::size_t FreeBytes() {
  Device::Memory memory;
  try {
    const Driver& driver = TheDriver();
    const Result result = driver.memory_info(&memory.free_bytes, &memory.total_bytes);
    return result == kSuccess ? memory.free_bytes : SIZE_MAX;
  } catch (const Failure&) {  // no driver
    return SIZE_MAX;
  }
}

Stream MakeStream(Urgency urgency) {
  const Driver& driver = TheDriver();
  int least = 0;
  int greatest = 0;
  driver.Check(driver.stream_priorities(&least, &greatest), "asking for priorities of streams");
  const int priority = urgency == Urgency::kHigh ? greatest : least;
  return Stream(Made<StreamHandle>("making a stream", [&](StreamHandle* stream) {
    return driver.stream_create(stream, kStreamNonBlocking, priority);
  }));
}

Event MakeEvent(Waiter waiter) {
  return Event(Made<EventHandle>("making an event", [waiter](EventHandle* event) {
    const unsigned sleeps = waiter == Waiter::kHost ? kEventBlockingSync : 0;
    return TheDriver().event_create(event, kEventDisableTiming | sleeps);
  }));
}

DeviceMemory Allocate(std::size_t bytes) {
  const std::string doing = "allocating " + std::to_string(bytes) + " bytes of the GPU's memory";
  return DeviceMemory(Made<DeviceAddress>(doing.c_str(), [bytes](DeviceAddress* address) {
    return TheDriver().allocate(address, bytes);
  }));
}

PinnedMemory AllocatePinned(std::size_t bytes) {
  const std::string doing = "allocating " + std::to_string(bytes) + " bytes of pinned memory";
  return PinnedMemory(Made<void*>(doing.c_str(), [bytes](void** address) {
    return TheDriver().allocate_host(address, bytes, 0);
  }));
}

Module LoadModule(const void* cubin) {
  return Module(Made<ModuleHandle>("loading kernels", [cubin](ModuleHandle* module) {
    return TheDriver().module_load(module, cubin);
  }));
}

FunctionHandle FunctionOf(const Module& module, const char* name) {
  return Made<FunctionHandle>("looking for a kernel", [&](FunctionHandle* function) {
    return TheDriver().module_function(function, module.get(), name);
  });
}

void Record(const Event& event, const Stream& stream) {
  TheDriver().Check(TheDriver().event_record(event.get(), stream.get()), "marking a stream");
}

void Await(const Stream& stream, const Event& event) {
  TheDriver().Check(TheDriver().stream_wait(stream.get(), event.get(), 0),
                    "making a stream wait for another");
}

void Synchronize(const Event& event) {
  TheDriver().Check(TheDriver().event_synchronize(event.get()), "waiting for the GPU");
}

void Synchronize(const Stream& stream) {
  TheDriver().Check(TheDriver().stream_synchronize(stream.get()), "waiting for the GPU");
}

void Launch(const GraphExec& graph, const Stream& stream) {
  TheDriver().Check(TheDriver().graph_launch(graph.get(), stream.get()), "starting a graph");
}

namespace detail {

void BeginCapture(const Stream& stream) {
  TheDriver().Check(TheDriver().capture_begin(stream.get(), kCaptureRelaxed),
                    "beginning to record a graph");
}

Graph EndCapture(const Stream& stream) {
  GraphHandle graph = nullptr;
  // An invalidated capture answers with an error and no graph.
  TheDriver().capture_end(stream.get(), &graph);
  return Graph(graph);
}

GraphExec Instantiate(const Graph& graph) {
  if (!graph) throw Failure(JF_UNSUPPORTED, "This work cannot be recorded as a CUDA graph");
  return GraphExec(Made<GraphExecHandle>("making a graph", [&](GraphExecHandle* made) {
    return TheDriver().graph_instantiate(made, graph.get(), nullptr, nullptr, 0);
  }));
}

}  // namespace detail
void CopyToDevice(DeviceAddress to, const void* from, std::size_t bytes, const Stream& stream,
                  Transfers* transfers) {
  const Driver& driver = TheDriver();
  driver.Check(driver.to_device(to, from, bytes, stream.get()), "bringing a tensor to the GPU");
  transfers->to_device += bytes;
}

void CopyToHost(void* to, DeviceAddress from, std::size_t bytes, const Stream& stream,
                Transfers* transfers) {
  const Driver& driver = TheDriver();
  driver.Check(driver.to_host(to, from, bytes, stream.get()), "bringing a tensor to the host");
  transfers->to_host += bytes;
}

void CopyToDevice(const Copy2d& copy, const Stream& stream, Transfers* transfers) {
  const Driver& driver = TheDriver();
  driver.Check(driver.copy_2d(&copy, stream.get()), "bringing a picture to the GPU");
  const bool from_host = copy.source_kind == kMemoryHost;
  (from_host ? transfers->to_device : transfers->within_device) += copy.width_bytes * copy.height;
}

}  // namespace jetfleet::cuda
