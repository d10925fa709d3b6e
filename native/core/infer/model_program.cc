#include "core/infer/model_program.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <thread>
#include <utility>

#include "core/graph/thread_name.h"
#include "core/infer/abi.h"
#include "core/infer/backend_loader.h"
#include "core/infer/model_file.h"
#include "core/prepare/host_preparer.h"
#include "core/trace.h"

namespace jetfleet {
namespace {

constexpr int kBackgroundNice = 10;
constexpr float kGrey = 114;
/// A batch beyond this waits longer than it saves.
constexpr std::int64_t kMostSlots = 32;

/// Threads that a runtime starts inherit the priority, so only for runtimes that start none.
void StepBack(const ModelOptions& options) {
  NameThisThread("jf-load");
  if (options.detector.threads == 1) setpriority(PRIO_PROCESS, 0, kBackgroundNice);
}

Status DescOf(const TensorInfo& info, std::int64_t batch, TensorDesc* desc) {
  desc->type = info.element.value_or(ElementType::kFloat32);
  desc->layout = info.layout;
  desc->shape = info.shape;
  desc->quantisation = info.quantisation;
  if (desc->shape.rank() > 0) desc->shape[0] = batch;
  if (info.element && desc->bytes() > 0) return Status::Ok();
  return Status::Error(ErrorCode::kModelInvalid,
                       "Expected a tensor of known type and size but got " + info.name + " " +
                           info.type + info.shape.Text() + " while checking the model");
}

/// The first dimension; 0 when it is open, within bounds or without.
std::int64_t FixedBatch(const std::vector<TensorInfo>& tensors) {
  if (tensors.empty() || tensors[0].shape.rank() == 0) return 0;
  const bool open = tensors[0].shape[0] <= 0 || tensors[0].min[0] != tensors[0].max[0];
  return open ? 0 : tensors[0].shape[0];
}

}  // namespace

Status ModelProgram::Load(const ModelOptions& options, std::shared_ptr<ModelProgram>* model) {
  Backend* backend = nullptr;
  const Status status =
      OpenBackend(options.detector.backend_path, options.detector.runtime_path, &backend);
  return status.ok() ? Wrap(backend, options, model) : status;
}

Status ModelProgram::Wrap(Backend* backend, const ModelOptions& options,
                          std::shared_ptr<ModelProgram>* model) {
  std::shared_ptr<ModelProgram> made(new ModelProgram);
  ModelFile file;
  Status status = file.Open(options.detector.model_path, options.detector.model_digest);
  if (!status.ok()) return status;
  LoadOptions load;
  load.path = file.path();
  load.threads = static_cast<std::uint32_t>(options.detector.threads);
  status = backend->Load(load, &made->program_);
  if (!status.ok()) return Status::Error(status.code, file.Named(std::move(status.message)));
  made->backend_ = backend;
  status = made->Bind(options);
  if (!status.ok()) return status;
  made->tickets_ = backend->capabilities().tickets;
  *model = std::move(made);
  return Status::Ok();
}

Status ModelProgram::Bind(const ModelOptions& options) {
  tag_ = std::make_shared<const ModelTag>(ModelTag{options.id, options.labels});
  min_score_ = options.min_score;
  const DetectorOptions& detector = options.detector;
  Status status = program_->Describe(&info_);
  if (status.ok()) {
    status = BindDecoder({detector.decoder, detector.labels, detector.nms_iou}, info_, &decoder_);
  }
  // Finds out now whether memory can be had for it.
  if (status.ok()) status = MakePools(BatchFor(1), &pools_);
  if (!status.ok()) return status;
  contexts_.resize(1);
  return program_->NewContext("", contexts_.data());
}

Status ModelProgram::LoadAndWarm(const ModelOptions& options, std::shared_ptr<ModelProgram>* model,
                                 LoadTimes* times) {
  Status status;
  std::thread([&] {
    StepBack(options);
    const TimePoint start = Clock::now();
    status = Load(options, model);
    const TimePoint loaded = Clock::now();
    if (status.ok()) status = (*model)->Warm();
    *times = {FrameTrace::Ms(loaded - start), FrameTrace::Ms(Clock::now() - loaded)};
  }).join();
  return status;
}

std::int64_t ModelProgram::BatchFor(std::int64_t wanted) const {
  const std::int64_t fixed = std::max(FixedBatch(info_.inputs), FixedBatch(info_.outputs));
  if (fixed > 0) return fixed;
  std::int64_t most = kMostSlots;
  if (const std::int64_t max = info_.inputs[0].max[0]; max > 0) most = std::min(most, max);
  return std::clamp<std::int64_t>(wanted, 1, most);
}

std::unique_ptr<BufferPool> ModelProgram::PoolFor(const TensorInfo& info, MemoryKind kind,
                                                  std::size_t bytes) const {
  if ((info.memory & static_cast<std::uint32_t>(JfMemoryOf(kind))) == 0) {
    return std::make_unique<BufferPool>(bytes);
  }
  return std::make_unique<BufferPool>(bytes, [backend = backend_, kind](std::size_t wanted) {
    BufferRef lent = backend->Allocate(kind, wanted);
    return lent == nullptr && kind == MemoryKind::kPinned ? MakeHostBuffer(wanted) : lent;
  });
}

Status ModelProgram::MakePools(std::int64_t batch, std::shared_ptr<Pools>* pools) const {
  auto made = std::make_shared<Pools>();
  made->batch = batch;
  Status status = DescOf(info_.inputs[0], batch, &made->input);
  if (!status.ok()) return status;
  made->input_pool = PoolFor(info_.inputs[0], MemoryKind::kPinned, made->input.bytes());
  if ((info_.inputs[0].memory & JF_CUDA) != 0) {
    made->device_input_pool = PoolFor(info_.inputs[0], MemoryKind::kCuda, made->input.bytes());
  }
  for (const TensorInfo& output : info_.outputs) {
    TensorDesc desc;
    status = DescOf(output, batch, &desc);
    if (!status.ok()) return status;
    made->outputs.push_back(desc);
    made->output_pools.push_back(PoolFor(output, MemoryKind::kPinned, desc.bytes()));
  }
  *pools = std::move(made);
  return Status::Ok();
}

Status ModelProgram::Borrow(std::int64_t batch, FilledBy filled_by, RunTensors* tensors) {
  std::shared_ptr<Pools> pools;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (pools_->batch != batch) {
      const Status status = MakePools(batch, &pools_);
      if (!status.ok()) return status;
    }
    pools = pools_;
  }
  const auto no_memory = Status::Error(ErrorCode::kInternal, "No memory left for a run");
  const bool on_device = filled_by == FilledBy::kAccelerator && pools->device_input_pool != nullptr;
  BufferRef input = (on_device ? pools->device_input_pool : pools->input_pool)->Take();
  if (input == nullptr) return no_memory;
  tensors->input = TensorView(pools->input, std::move(input));
  tensors->inputs.assign(1, tensors->input);
  tensors->outputs.clear();
  for (std::size_t i = 0; i < pools->outputs.size(); ++i) {
    BufferRef output = pools->output_pools[i]->Take();
    if (output == nullptr) return no_memory;
    tensors->outputs.emplace_back(pools->outputs[i], std::move(output));
  }
  return Status::Ok();
}

Status ModelProgram::RunOnce(const RunTensors& tensors) {
  Context::Ticket ticket = 0;
  const Status status = context(0).Submit(tensors.inputs, tensors.outputs, &ticket);
  return status.ok() ? context(0).Wait(ticket) : status;
}

Status ModelProgram::Warm() {
  constexpr char kDoing[] = " while trying the model on a grey picture";
  RunTensors tensors;
  Status status = Borrow(BatchFor(1), FilledBy::kHost, &tensors);
  if (!status.ok()) return status;
  auto* const grey = tensors.input.Host<float>();
  std::fill(grey, grey + tensors.input.desc().shape.Count(), kGrey);
  status = RunOnce(tensors);
  if (!status.ok()) return Status::Error(ErrorCode::kModelInvalid, status.message + kDoing);
  for (const TensorView& output : tensors.outputs) {
    if (output.desc().type != ElementType::kFloat32) continue;
    const auto* const values = output.Host<const float>();
    const std::int64_t count = output.desc().shape.Count();
    const auto bad =
        std::count_if(values, values + count, [](float value) { return !std::isfinite(value); });
    if (bad == 0) continue;
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected finite numbers but got " + std::to_string(bad) + " of " +
                             std::to_string(count) + " that are not" + kDoing);
  }
  return Status::Ok();
}

Status ModelProgram::DetectRgb(const std::uint8_t* rgb, Size size,
                               std::vector<Detection>* detections) {
  RunTensors tensors;
  Status status = Borrow(BatchFor(1), FilledBy::kHost, &tensors);
  if (!status.ok()) return status;
  const Placement placement =
      HostPreparer().RunRgb(rgb, size, decoder_->preprocess(), tensors.input.Slot(0));
  status = RunOnce(tensors);
  if (status.ok()) decoder_->Decode(tensors.outputs, 0, placement, min_score_, detections);
  return status;
}

}  // namespace jetfleet
