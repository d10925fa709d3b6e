#include "core/infer/model_program.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <utility>

#include "core/infer/abi.h"
#include "core/infer/backend_loader.h"
#include "core/prepare/host_preparer.h"

namespace jetfleet {
namespace {

/// A batch beyond this waits longer than it saves.
constexpr std::int64_t kMostSlots = 32;

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
std::int64_t FixedBatch(const TensorInfo& tensor) {
  if (tensor.shape.rank() == 0) return 0;
  const bool open = tensor.shape[0] <= 0 || tensor.min[0] != tensor.max[0];
  return open ? 0 : tensor.shape[0];
}

template <typename T>
void Repeat(const std::vector<double>& values, const TensorView& tensor) {
  auto* const to = tensor.Host<T>();
  const std::int64_t count = tensor.desc().shape.Count();
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] = static_cast<T>(values[static_cast<std::size_t>(i) % values.size()]);
  }
}

Status FillConstant(const std::vector<double>& values, const TensorView& tensor) {
  switch (tensor.desc().type) {
    case ElementType::kFloat32:
      Repeat<float>(values, tensor);
      return Status::Ok();
    case ElementType::kInt32:
      Repeat<std::int32_t>(values, tensor);
      return Status::Ok();
    case ElementType::kInt64:
      Repeat<std::int64_t>(values, tensor);
      return Status::Ok();
    case ElementType::kUint8:
    case ElementType::kBool:
      Repeat<std::uint8_t>(values, tensor);
      return Status::Ok();
    default:
      return Status::Error(ErrorCode::kModelInvalid,
                           std::string("Expected an input beside the picture of float32, int32, "
                                       "int64, uint8 or bool but got ") +
                               ElementTypeName(tensor.desc().type) + " while loading the model");
  }
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
  const Status status = made->Bind(backend, options);
  if (status.ok()) *model = std::move(made);
  return status;
}

Status ModelProgram::Bind(Backend* backend, const ModelOptions& options) {
  backend_ = backend;
  tickets_ = backend->capabilities().tickets;
  tag_ = std::make_shared<const ModelTag>(ModelTag{options.id, options.labels});
  min_score_ = options.min_score;
  nms_iou_ = options.detector.decoder.nms_iou;
  const DetectorOptions& detector = options.detector;
  Status status = ChoosePreprocess(backend->capabilities(), detector.preprocess);
  if (status.ok()) status = OpenLanes(backend, detector);
  if (status.ok()) {
    status = BindDecoder(detector.decoder, info_, &bound_);
  }
  if (!status.ok()) return status;
  info_ = bound_.info;
  TryFilter();
  // Finds out now whether memory can be had for it.
  return MakePools(BatchFor(1), &pools_[BatchFor(1)]);
}

Status ModelProgram::ChoosePreprocess(const Capabilities& capabilities, const std::string& wanted) {
  const std::vector<std::string>& own = capabilities.preprocessors;
  takes_nvmm_ = capabilities.takes_nvmm;
  if (wanted.empty()) {
    preprocess_ = own.empty() ? kCpu : own.front();
    return Status::Ok();
  }
  preprocess_ = wanted;
  // A backend that prepares knows best what it lacks for another way; its contexts say so.
  if (wanted == kCpu || !own.empty()) return Status::Ok();
  return Status::Error(ErrorCode::kModelInvalid, "Expected preprocessing by cpu but got " + wanted +
                                                     ", which the backend " + capabilities.name +
                                                     " does not have here");
}

std::int64_t ModelProgram::BatchFor(std::int64_t wanted) const {
  const TensorInfo& picture = info_.inputs[bound_.picture];
  std::int64_t fixed = FixedBatch(picture);
  for (const TensorInfo& output : info_.outputs) fixed = std::max(fixed, FixedBatch(output));
  if (fixed > 0) return fixed;
  if (!unbatched_.empty()) return 1;
  std::int64_t most = std::min(kMostSlots, tried_);
  if (const std::int64_t max = picture.max[0]; max > 0) most = std::min(most, max);
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
  const TensorInfo& picture = info_.inputs[bound_.picture];
  Status status = DescOf(picture, batch, &made->input);
  if (status.ok()) status = MakeConstants(batch, made.get());
  if (!status.ok()) return status;
  made->input_pool = PoolFor(picture, MemoryKind::kPinned, made->input.bytes());
  if ((picture.memory & JF_CUDA) != 0) {
    made->device_input_pool = PoolFor(picture, MemoryKind::kCuda, made->input.bytes());
  }
  for (const TensorInfo& output : info_.outputs) {
    TensorDesc desc;
    status = DescOf(output, batch, &desc);
    if (!status.ok()) return status;
    made->outputs.push_back(desc);
    made->output_pools.push_back(PoolFor(output, MemoryKind::kPinned, desc.bytes()));
  }
  if (const auto head = bound_.decoder->head(); head && filters_) {
    made->candidates.shape = {batch, 1 + kMostCandidates,
                              static_cast<std::int64_t>(sizeof(JfCandidate) / sizeof(float))};
    made->candidate_pool =
        PoolFor(info_.outputs[head->output], MemoryKind::kPinned, made->candidates.bytes());
  }
  *pools = std::move(made);
  return Status::Ok();
}

Status ModelProgram::MakeConstants(std::int64_t batch, Pools* pools) const {
  pools->constants.resize(info_.inputs.size());
  for (const InputConstant& constant : decoder().constants()) {
    const TensorInfo& info = info_.inputs[constant.input];
    TensorDesc desc;
    Status status = DescOf(info, batch, &desc);
    if (!status.ok()) return status;
    BufferRef buffer = PoolFor(info, MemoryKind::kPinned, desc.bytes())->Take();
    if (buffer == nullptr) return Status::Error(ErrorCode::kInternal, "No memory left for a run");
    pools->constants[constant.input] = TensorView(desc, std::move(buffer));
    status = FillConstant(constant.values, pools->constants[constant.input]);
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

Status ModelProgram::Borrow(std::int64_t batch, FilledBy filled_by,
                            std::optional<float> candidate_score, RunTensors* tensors) {
  std::shared_ptr<Pools> pools;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::shared_ptr<Pools>& of_batch = pools_[batch];
    if (of_batch == nullptr) {
      const Status status = MakePools(batch, &of_batch);
      if (!status.ok()) return status;
    }
    pools = of_batch;
  }
  assert(pools != nullptr && pools->input_pool != nullptr);
  const auto no_memory = Status::Error(ErrorCode::kInternal, "No memory left for a run");
  const bool on_device = filled_by == FilledBy::kAccelerator && pools->device_input_pool != nullptr;
  BufferRef input = (on_device ? pools->device_input_pool : pools->input_pool)->Take();
  if (input == nullptr) return no_memory;
  tensors->input = TensorView(pools->input, std::move(input));
  tensors->inputs = pools->constants;
  tensors->inputs[bound_.picture] = tensors->input;
  tensors->filter_score.reset();
  if (candidate_score && filters_ && pools->candidate_pool != nullptr) {
    tensors->filter_score = std::min(*candidate_score, min_score_);
  }
  tensors->outputs.clear();
  for (std::size_t i = 0; i < pools->outputs.size(); ++i) {
    const bool candidates = tensors->filter_score && i == bound_.decoder->head()->output;
    BufferRef output = (candidates ? pools->candidate_pool : pools->output_pools[i])->Take();
    if (output == nullptr) return no_memory;
    tensors->outputs.emplace_back(candidates ? pools->candidates : pools->outputs[i],
                                  std::move(output));
  }
  return Status::Ok();
}

Status ModelProgram::Submit(std::size_t lane, const RunTensors& tensors, Context::Ticket* ticket) {
  LaneState& state = lanes_[lane];
  const Status status = SetFilter(&state, tensors.filter_score);
  return status.ok() ? state.context->Submit(tensors.inputs, tensors.outputs, ticket) : status;
}

bool ModelProgram::Read(const RunTensors& tensors, std::int64_t item, const Placement& placement,
                        float score, std::vector<Detection>* found) {
  const float wanted = std::min(score, min_score_);
  if (!tensors.filter_score) {
    bound_.decoder->Decode(tensors.outputs, item, placement, wanted, found);
    return true;
  }
  const TensorView row = tensors.outputs[bound_.decoder->head()->output].Slot(item);
  const std::uint32_t count = ReadCandidates(row, tag_->labels.size(), wanted, found);
  bound_.decoder->Finish(placement, found);
  const bool whole = count <= kMostCandidates;
  if (!whole) filters_ = false;
  return whole;
}

Status ModelProgram::RunOnce(const RunTensors& tensors, std::size_t lane) {
  Context::Ticket ticket = 0;
  const Status status = Submit(lane, tensors, &ticket);
  return status.ok() ? context(lane).Wait(ticket) : status;
}

Status ModelProgram::DetectRgb(const std::uint8_t* rgb, Size size,
                               std::vector<Detection>* detections) {
  RunTensors tensors;
  Status status = Borrow(BatchFor(1), FilledBy::kHost, std::nullopt, &tensors);
  if (!status.ok()) return status;
  const Placement placement =
      HostPreparer().RunRgb(rgb, size, bound_.decoder->preprocess(), tensors.input.Slot(0));
  status = RunOnce(tensors);
  if (status.ok()) bound_.decoder->Decode(tensors.outputs, 0, placement, min_score_, detections);
  return status;
}

}  // namespace jetfleet
