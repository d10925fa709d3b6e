#include "backends/tensorrt/context.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/cuda/kernel_cache.h"
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

template <typename Staging>
void Grow(std::uint64_t bytes, Staging* staging) {
  if (staging->bytes >= bytes) return;
  staging->device = cuda::Allocate(bytes);
  staging->pinned = {};
  staging->bytes = bytes;
}

void CheckCount(std::size_t got, std::size_t expected, const char* what) {
  if (got == expected) return;
  throw Failure(JF_INTERNAL, "Expected " + std::to_string(expected) + " " + what + " but got " +
                                 std::to_string(got) + " while submitting a run");
}

cuda::Preparer::Scaling ScalingOf(const std::string& preprocessor) {
  if (preprocessor == "cuda") return cuda::Preparer::Scaling::kCuda;
  if (preprocessor == "vic") return cuda::Preparer::Scaling::kVic;
  throw Failure(JF_UNSUPPORTED, "Expected preprocessing by cuda, vic or cpu but got " +
                                    preprocessor + "; ask for one of these");
}

}  // namespace

Context::Context(const Program* program, const std::string& preprocessor)
    : program_(program),
      scaling_(ScalingOf(preprocessor)),
      stream_((program->device().MakeCurrent(), cuda::MakeStream(cuda::Urgency::kHigh))),
      fetches_(cuda::MakeStream(cuda::Urgency::kHigh)),
      invocation_(program->engine(), program->tensors()),
      slots_(kSlots) {
  for (Slot& slot : slots_) {
    slot.tensors.resize(program_->tensors().size());
    slot.ran = cuda::MakeEvent(cuda::Waiter::kStream);
    slot.done = cuda::MakeEvent(cuda::Waiter::kHost);
  }
  // What is missing for it is said now, not with the first picture.
  if (scaling_ == cuda::Preparer::Scaling::kVic) Preparer();
}

Context::~Context() {
  try {
    program_->device().MakeCurrent();
    cuda::Synchronize(stream_);
    cuda::Synchronize(fetches_);
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
    run.ticket = next_ticket_;
    if (under_way_.size() >= kSlots) {
      throw Failure(JF_INTERNAL, "Expected at most " + std::to_string(kSlots) +
                                     " runs that nobody has waited for");
    }
  }
  Slot& slot = slots_[run.ticket % kSlots];
  signature_.clear();
  for (std::size_t i = 0; i < inputs.size(); ++i) Bind(inputs[i], program_->inputs()[i], &slot);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (Filters(i)) {
      BindFiltered(outputs[i], program_->outputs()[i], &slot);
    } else {
      Bind(outputs[i], program_->outputs()[i], &slot);
    }
  }
  Enqueue();
  cuda::Record(slot.ran, stream_);
  cuda::Await(fetches_, slot.ran);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::size_t tensor = program_->outputs()[i].tensor;
    Fetch(outputs[i], Filters(i) ? &slot.candidates : &slot.tensors[tensor], &run);
  }
  cuda::Record(slot.done, fetches_);
  const std::lock_guard<std::mutex> lock(mutex_);
  // A run that did not start leaves its number, and so its slot, to the next.
  ++next_ticket_;
  under_way_.push_back(std::move(run));
  return under_way_.back().ticket;
}

bool Context::Wait(std::uint64_t ticket) {
  program_->device().MakeCurrent();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (under_way_.empty() || under_way_.front().ticket != ticket) return false;
  }
  std::exception_ptr failure;
  try {
    cuda::Synchronize(slots_[ticket % kSlots].done);
  } catch (const Failure&) {
    failure = std::current_exception();
  }
  // Only this thread takes runs off, so the first is still the same; one that failed is over too.
  const std::lock_guard<std::mutex> lock(mutex_);
  if (failure != nullptr) {
    under_way_.pop_front();
    std::rethrow_exception(failure);
  }
  for (const Copy& copy : under_way_.front().copies) std::memcpy(copy.to, copy.from, copy.bytes);
  under_way_.pop_front();
  return true;
}

void Context::Prepare(const std::vector<JfSurface>& surfaces, const std::vector<JfRect>& rects,
                      const JfPreprocess& preprocess, const JfTensor& input) {
  const bool channels_last = program_->inputs()[0].io.layout == JF_NHWC;
  Preparer().Prepare(surfaces, rects, preprocess, input, channels_last, stream_);
}

cuda::Preparer& Context::Preparer() {
  if (preparer_ == nullptr) {
    preparer_ = std::make_unique<cuda::Preparer>(program_->device(), cuda::TheKernelCache(),
                                                 &transfers_, scaling_);
  }
  return *preparer_;
}

bool Context::Filters(std::size_t output) const {
  return filter_ != nullptr && filter_options_.output == output;
}

void Context::SetFilter(const JfFilter* filter) {
  if (filter == nullptr) {
    filter_.reset();
    return;
  }
  if (filter->output >= program_->outputs().size() || program_->inputs().empty()) {
    throw Failure(JF_UNSUPPORTED, "Expected one of " + std::to_string(program_->outputs().size()) +
                                      " outputs to filter but got number " +
                                      std::to_string(filter->output));
  }
  const JfIo& output = program_->outputs()[filter->output].io;
  const JfIo& input = program_->inputs()[0].io;
  kernels::CandidateParameters head{};
  head.head = filter->head;
  head.min_score = filter->min_score;
  head.most = static_cast<int>(filter->most);
  if (input.rank == 4 && output.rank == 3) {
    head.input_height = static_cast<int>(input.max[2]);
    head.input_width = static_cast<int>(input.max[3]);
    head.cells = static_cast<int>(output.max[1]);
    head.fields = static_cast<int>(output.max[2]);
  }
  if (output.type != JF_FLOAT32 || !cuda::FitsHead(head)) {
    throw Failure(JF_UNSUPPORTED,
                  std::string("Expected float32 of [N,cells,5+classes], a YOLOX head, but got ") +
                      output.name + "; its reader on the host takes it as it is");
  }
  program_->device().MakeCurrent();
  filter_ = std::make_unique<cuda::CandidateFilter>(program_->device(), cuda::TheKernelCache());
  filtering_ = head;
  filter_options_ = *filter;
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
    Slot::Staging& staging = slot->tensors[io.tensor];
    Grow(tensor.bytes, &staging);
    address = AddressOf(staging.device);
    if (known.is_input) {
      cuda::CopyToDevice(staging.device.get(), tensor.data, tensor.bytes, stream_, &transfers_);
    }
  }
  SetAddress(io, address);
  signature_.insert(signature_.end(), tensor.dims, tensor.dims + tensor.rank);
}

void Context::SetAddress(const Program::Io& io, void* address) {
  if (!invocation_.SetAddress(io.tensor, address)) {
    throw Failure(JF_INTERNAL, "The engine does not take the memory of " +
                                   program_->tensors()[io.tensor].name + ": " + TheLog().Errors());
  }
  signature_.push_back(reinterpret_cast<std::intptr_t>(address));
}

void Context::BindFiltered(const JfTensor& tensor, const Program::Io& io, Slot* slot) {
  const auto rows = static_cast<std::int64_t>(filtering_.most) + 1;
  const bool fits = tensor.type == JF_FLOAT32 && tensor.rank == 3 && tensor.dims[0] > 0 &&
                    tensor.dims[0] <= io.io.max[0] && tensor.dims[1] == rows && tensor.dims[2] == 8;
  if (!fits) {
    throw Failure(JF_INTERNAL, "Expected float32 of [N," + std::to_string(rows) +
                                   ",8] for the candidates of " +
                                   program_->tensors()[io.tensor].name);
  }
  filtering_.items = static_cast<int>(tensor.dims[0]);
  Slot::Staging& raw = slot->tensors[io.tensor];
  Grow(sizeof(float) * static_cast<std::size_t>(filtering_.items) *
           static_cast<std::size_t>(filtering_.cells) * static_cast<std::size_t>(filtering_.fields),
       &raw);
  SetAddress(io, AddressOf(raw.device));
  void* candidates = tensor.data;
  if (!OnGpu(tensor)) {
    Grow(tensor.bytes, &slot->candidates);
    candidates = AddressOf(slot->candidates.device);
  }
  filtering_.answers = static_cast<const float*>(AddressOf(raw.device));
  filtering_.candidates = static_cast<kernels::Candidate*>(candidates);
  signature_.push_back(reinterpret_cast<std::intptr_t>(candidates));
  signature_.push_back(filtering_.items);
}

void Context::Fetch(const JfTensor& tensor, Slot::Staging* staging, Run* run) {
  if (OnGpu(tensor)) return;
  void* to = tensor.data;
  if ((tensor.memory & JF_PINNED) == 0) {
    if (!staging->pinned) staging->pinned = cuda::AllocatePinned(staging->bytes);
    to = staging->pinned.get();
    run->copies.push_back({tensor.data, to, static_cast<std::size_t>(tensor.bytes)});
  }
  cuda::CopyToHost(to, staging->device.get(), tensor.bytes, fetches_, &transfers_);
}

void Context::EnqueuePlainly() {
  if (!invocation_.Enqueue(stream_.get())) {
    throw Failure(JF_INTERNAL, "The engine failed while running: " + TheLog().Errors());
  }
  if (filter_ != nullptr) filter_->Run(filtering_, stream_);
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
