#include "core/infer/bench.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <utility>

#include "core/infer/abi.h"
#include "core/infer/backend_loader.h"
#include "core/trace.h"

namespace jetfleet {
namespace {

constexpr std::uint32_t kMostInFlight = 4;
/// Of the library's profiler: its figures are steady, and runs are slow.
constexpr std::uint32_t kProfiledRuns = 100;

Status BatchOf(const ModelInfo& model, std::int64_t wanted, std::int64_t* batch) {
  *batch = wanted > 0 ? wanted : 1;
  for (const TensorInfo& input : model.inputs) {
    const bool has_batch = input.shape.rank() > 0;
    for (std::size_t i = 1; i < input.shape.rank(); ++i) {
      if (input.shape[i] > 0) continue;
      return Status::Error(ErrorCode::kModelInvalid,
                           "Expected a model whose dimensions are known but for the batch, but " +
                               input.name + " has " + input.shape.Text() +
                               "; export it with fixed sides");
    }
    if (!has_batch || input.shape[0] <= 0) continue;
    if (input.min[0] != input.max[0]) {
      if (wanted >= input.min[0] && wanted <= input.max[0]) continue;
      if (wanted == 0) {
        *batch = input.shape[0];
        continue;
      }
    } else if (wanted == 0 || wanted == input.shape[0]) {
      *batch = input.shape[0];
      continue;
    }
    return Status::Error(ErrorCode::kModelInvalid, "Expected a model that takes a batch of " +
                                                       std::to_string(wanted) + " but " +
                                                       input.name + " has " + input.shape.Text());
  }
  return Status::Ok();
}

/// Tensors of one run.
struct Run {
  std::vector<TensorView> inputs;
  std::vector<TensorView> outputs;
  Context::Ticket ticket = 0;
};

Status MakeTensor(const Backend& backend, const TensorInfo& info, std::int64_t batch,
                  TensorView* view) {
  TensorDesc desc;
  desc.type = info.element.value_or(ElementType::kFloat32);
  desc.layout = info.layout;
  desc.shape = info.shape;
  if (desc.shape.rank() > 0 && (info.shape[0] <= 0 || info.min[0] != info.max[0])) {
    desc.shape[0] = batch;
  }
  const std::size_t bytes = desc.bytes();
  if (!info.element || bytes == 0) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected tensors of known type and size but got " + info.name + " " +
                             info.type + info.shape.Text() + " while measuring the model");
  }
  BufferRef buffer;
  if ((info.memory & JF_PINNED) != 0) buffer = backend.Allocate(MemoryKind::kPinned, bytes);
  if (buffer == nullptr) buffer = MakeHostBuffer(bytes);
  if (buffer == nullptr) return Status::Error(ErrorCode::kInternal, "No memory left for a run");
  *view = TensorView(desc, std::move(buffer));
  return Status::Ok();
}

void FillRandomly(const TensorView& view) {
  auto* const bytes = view.Host<std::uint8_t>();
  std::memset(bytes, 0, view.desc().bytes());
  if (view.desc().type != ElementType::kFloat32) return;
  std::mt19937 random(1);
  std::uniform_real_distribution<float> unit(0, 1);
  auto* const values = view.Host<float>();
  std::generate(values, values + view.desc().shape.Count(), [&] { return unit(random); });
}

Status MakeRun(const Backend& backend, const ModelInfo& model, std::int64_t batch, Run* run) {
  for (const TensorInfo& info : model.inputs) {
    const Status status = MakeTensor(backend, info, batch, &run->inputs.emplace_back());
    if (!status.ok()) return status;
    FillRandomly(run->inputs.back());
  }
  for (const TensorInfo& info : model.outputs) {
    const Status status = MakeTensor(backend, info, batch, &run->outputs.emplace_back());
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

Status RunOne(Context* context, Run* run) {
  const Status status = context->Submit(run->inputs, run->outputs, &run->ticket);
  return status.ok() ? context->Wait(run->ticket) : status;
}

Status MeasureLatency(const BenchOptions& options, Context* context, Run* run,
                      std::vector<double>* latency_ms) {
  Status status;
  const TimePoint warm = Clock::now() + options.warm_up;
  do {
    status = RunOne(context, run);
  } while (status.ok() && Clock::now() < warm);
  const TimePoint end = Clock::now() + options.duration;
  while (status.ok() && (Clock::now() < end || latency_ms->size() < options.least_runs)) {
    const TimePoint start = Clock::now();
    status = RunOne(context, run);
    latency_ms->push_back(FrameTrace::Ms(Clock::now() - start));
  }
  return status;
}

Status MeasureThroughput(const BenchOptions& options, Context* context, std::vector<Run>* runs,
                         BenchResult* result) {
  const TimePoint start = Clock::now();
  const TimePoint end = start + options.duration;
  std::uint64_t begun = 0;
  Status status;
  while (status.ok() && (Clock::now() < end || result->runs < options.least_runs)) {
    Run& run = (*runs)[begun % runs->size()];
    if (begun >= runs->size()) {
      status = context->Wait(run.ticket);
      if (!status.ok()) return status;
      ++result->runs;
    }
    status = context->Submit(run.inputs, run.outputs, &run.ticket);
    if (status.ok()) ++begun;
  }
  for (; result->runs < begun && status.ok(); ++result->runs) {
    status = context->Wait((*runs)[result->runs % runs->size()].ticket);
  }
  result->host_ms = FrameTrace::Ms(Clock::now() - start);
  return status;
}

}  // namespace

Status RunBench(const BenchOptions& options, BenchResult* result) {
  Backend* backend = nullptr;
  Status status = OpenBackend(options.backend_path, options.runtime_path, &backend);
  if (!status.ok()) return status;
  result->backend = backend->capabilities();
  std::shared_ptr<Program> program;
  status = backend->Load(options.load, &program);
  if (status.ok()) status = program->Describe(&result->model);
  if (status.ok()) status = BatchOf(result->model, options.batch, &result->batch);
  std::unique_ptr<Context> context;
  if (status.ok()) status = program->NewContext(options.load.accelerator, "", &context);
  result->in_flight = std::min(result->backend.tickets, kMostInFlight);
  std::vector<Run> runs(result->in_flight);
  for (Run& run : runs) {
    if (status.ok()) status = MakeRun(*backend, result->model, result->batch, &run);
  }
  if (status.ok()) status = MeasureLatency(options, context.get(), &runs[0], &result->latency_ms);
  if (status.ok()) status = MeasureThroughput(options, context.get(), &runs, result);
  if (!status.ok() || !options.layers) return status;
  const Status inspected = program->Inspect(&result->inspection);
  if (!inspected.ok()) result->no_inspection = inspected.message;
  const Status profiled =
      program->Profile(runs[0].inputs, runs[0].outputs, kProfiledRuns, &result->layers);
  if (!profiled.ok() && result->no_inspection.empty()) result->no_inspection = profiled.message;
  return status;
}

}  // namespace jetfleet
