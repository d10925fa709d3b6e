#include "backends/tensorrt/context.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/log.h"

namespace jetfleet::tensorrt {
namespace {

/// More than callers have sets of memory in turn.
constexpr std::size_t kMostRecordings = 16;

bool OnGpu(const JfTensor& tensor) { return (tensor.memory & JF_CUDA) != 0; }

nvinfer1::Dims DimsOf(const JfTensor& tensor) {
  nvinfer1::Dims dims{};
  dims.nbDims = tensor.rank;
  for (std::int32_t i = 0; i < tensor.rank; ++i) {
    dims.d[i] = static_cast<std::remove_reference_t<decltype(dims.d[0])>>(tensor.dims[i]);
  }
  return dims;
}

void* AddressOf(const cuda::DeviceMemory& memory) { return reinterpret_cast<void*>(memory.get()); }

void CheckCount(std::size_t got, std::size_t expected, const char* what) {
  if (got == expected) return;
  throw Failure(JF_INTERNAL, "Expected " + std::to_string(expected) + " " + what + " but got " +
                                 std::to_string(got) + " while submitting a run");
}

}  // namespace

Context::Context(const Program* program)
    : program_(program),
      stream_((program->device().MakeCurrent(), cuda::MakeStream())),
      invocation_(program->engine(), program->tensors()),
      slots_(kSlots) {
  for (Slot& slot : slots_) {
    slot.tensors.resize(program_->tensors().size());
    slot.done = cuda::MakeEvent();
  }
}

Context::~Context() {
  try {
    program_->device().MakeCurrent();
    cuda::Synchronize(stream_);
  } catch (const std::exception&) {  // what is lost is lost; memory is given back all the same
    return;
  }
}

std::uint64_t Context::Submit(const std::vector<JfTensor>& inputs,
                              const std::vector<JfTensor>& outputs) {
  CheckCount(inputs.size(), program_->inputs().size(), "inputs");
  CheckCount(outputs.size(), program_->outputs().size(), "outputs");
  program_->device().MakeCurrent();
  Run run;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    run.ticket = next_ticket_++;
    if (under_way_.size() >= kSlots) {
      throw Failure(JF_INTERNAL, "Expected at most " + std::to_string(kSlots) +
                                     " runs that nobody has waited for");
    }
  }
  Slot& slot = slots_[run.ticket % kSlots];
  signature_.clear();
  for (std::size_t i = 0; i < inputs.size(); ++i) Bind(inputs[i], program_->inputs()[i], &slot);
  for (std::size_t i = 0; i < outputs.size(); ++i) Bind(outputs[i], program_->outputs()[i], &slot);
  Enqueue();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Fetch(outputs[i], program_->outputs()[i], &slot, &run);
  }
  cuda::Record(slot.done, stream_);
  const std::lock_guard<std::mutex> lock(mutex_);
  under_way_.push_back(std::move(run));
  return under_way_.back().ticket;
}

bool Context::Wait(std::uint64_t ticket) {
  program_->device().MakeCurrent();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (under_way_.empty() || under_way_.front().ticket != ticket) return false;
  }
  cuda::Synchronize(slots_[ticket % kSlots].done);
  // Only this thread takes runs off, so the first is still the same.
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Copy& copy : under_way_.front().copies) std::memcpy(copy.to, copy.from, copy.bytes);
  under_way_.pop_front();
  return true;
}

Context::Slot::Staging& Context::StagingFor(const JfTensor& tensor, const Program::Io& io,
                                            Slot* slot) {
  Slot::Staging& staging = slot->tensors[io.tensor];
  if (staging.bytes < tensor.bytes) {
    staging.device = cuda::Allocate(tensor.bytes);
    staging.pinned = {};
    staging.bytes = tensor.bytes;
  }
  return staging;
}

void Context::Bind(const JfTensor& tensor, const Program::Io& io, Slot* slot) {
  const EngineTensor& known = program_->tensors()[io.tensor];
  if (tensor.type != io.io.type || tensor.rank != io.io.rank) {
    throw Failure(JF_INTERNAL, "Expected " + std::string(io.io.type_name) + " of " +
                                   std::to_string(io.io.rank) + " dimensions for " + known.name);
  }
  for (std::int32_t i = 0; i < tensor.rank; ++i) {
    const bool fits = tensor.dims[i] >= io.io.min[i] && tensor.dims[i] <= io.io.max[i];
    if (!fits && io.io.max[i] >= 0) {
      throw Failure(JF_MODEL_INVALID, "Expected " + std::to_string(io.io.min[i]) + " to " +
                                          std::to_string(io.io.max[i]) + " in dimension " +
                                          std::to_string(i) + " of " + known.name + " but got " +
                                          std::to_string(tensor.dims[i]) +
                                          "; the engine was not built for it");
    }
  }
  if (known.is_input && known.open() && !invocation_.SetShape(io.tensor, DimsOf(tensor))) {
    throw Failure(JF_MODEL_INVALID, "The engine does not take this shape of " + known.name + ": " +
                                        TheLog().Errors());
  }
  void* address = tensor.data;
  if (!OnGpu(tensor)) {
    const Slot::Staging& staging = StagingFor(tensor, io, slot);
    address = AddressOf(staging.device);
    if (known.is_input) {
      const cuda::Driver& driver = cuda::TheDriver();
      driver.Check(driver.to_device(staging.device.get(), tensor.data, tensor.bytes, stream_.get()),
                   "bringing an input to the GPU");
    }
  }
  if (!invocation_.SetAddress(io.tensor, address)) {
    throw Failure(JF_INTERNAL, "The engine does not take the memory of " + known.name + ": " +
                                   TheLog().Errors());
  }
  signature_.push_back(reinterpret_cast<std::intptr_t>(address));
  signature_.insert(signature_.end(), tensor.dims, tensor.dims + tensor.rank);
}

void Context::Fetch(const JfTensor& tensor, const Program::Io& io, Slot* slot, Run* run) {
  if (OnGpu(tensor)) return;
  Slot::Staging& staging = slot->tensors[io.tensor];
  void* to = tensor.data;
  if ((tensor.memory & JF_PINNED) == 0) {
    if (!staging.pinned) staging.pinned = cuda::AllocatePinned(staging.bytes);
    to = staging.pinned.get();
    run->copies.push_back({tensor.data, to, static_cast<std::size_t>(tensor.bytes)});
  }
  const cuda::Driver& driver = cuda::TheDriver();
  driver.Check(driver.to_host(to, staging.device.get(), tensor.bytes, stream_.get()),
               "bringing an output to the host");
}

void Context::EnqueuePlainly() {
  if (invocation_.Enqueue(stream_.get())) return;
  throw Failure(JF_INTERNAL, "The engine failed while running: " + TheLog().Errors());
}

void Context::Enqueue() {
  const auto found =
      std::find_if(recordings_.begin(), recordings_.end(),
                   [&](const Recording& recording) { return recording.signature == signature_; });
  if (found == recordings_.end() || !graphs_work_) {
    if (recordings_.size() >= kMostRecordings) recordings_.pop_front();
    if (graphs_work_) recordings_.push_back({signature_, {}});
    EnqueuePlainly();
    return;
  }
  if (!found->graph) {
    try {
      found->graph = cuda::Capture(stream_, [&] { EnqueuePlainly(); });
    } catch (const Failure&) {
      // Not every engine can be recorded (a DLA's, for one); it runs as before.
      graphs_work_ = false;
      EnqueuePlainly();
      return;
    }
  }
  cuda::Launch(found->graph, stream_);
}

}  // namespace jetfleet::tensorrt
