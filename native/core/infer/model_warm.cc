// The first runs of a model, on real pictures: they show that it runs and means
// what its decoder takes it for, and make it ready.
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "core/graph/thread_name.h"
#include "core/infer/model_program.h"
#include "core/infer/real_pictures.h"
#include "core/prepare/host_preparer.h"
#include "core/trace.h"

namespace jetfleet {
namespace {

constexpr int kBackgroundNice = 10;

/// Threads that a runtime starts inherit the priority, so only for runtimes that start none.
void StepBack(const ModelOptions& options) {
  NameThisThread("jf-load");
  if (options.detector.threads == 1) setpriority(PRIO_PROCESS, 0, kBackgroundNice);
}

}  // namespace

Status ModelProgram::LoadAndWarm(const ModelOptions& options, std::shared_ptr<ModelProgram>* model,
                                 LoadTimes* times, std::int64_t pictures) {
  Status status;
  std::thread([&] {
    StepBack(options);
    const TimePoint start = Clock::now();
    status = Load(options, model);
    const TimePoint loaded = Clock::now();
    if (status.ok()) status = (*model)->Warm();
    if (status.ok() && pictures > 1) (*model)->TryBatches(pictures);
    *times = {FrameTrace::Ms(loaded - start), FrameTrace::Ms(Clock::now() - loaded)};
  }).join();
  return status;
}

Status ModelProgram::Warm() {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    Status status = WarmLane(lane, false);
    // What picks candidates out is made ready at its first run, too.
    if (status.ok() && filters_) status = WarmLane(lane, true);
    if (status.ok()) continue;
    const std::string where =
        lanes_.size() > 1 ? " on accelerator " + lanes_[lane].options.accelerator : "";
    // Want of memory says nothing of the model: it may fit when another one has gone.
    const ErrorCode code =
        status.code == ErrorCode::kModelMemory ? status.code : ErrorCode::kModelInvalid;
    return Status::Error(code, status.message + " while trying the model on real pictures" + where);
  }
  return Status::Ok();
}

Status ModelProgram::WarmLane(std::size_t lane, bool filtered) {
  RunTensors tensors;
  Status status = Borrow(BatchFor(1), FilledBy::kHost,
                         filtered ? std::optional(min_score_) : std::nullopt, &tensors);
  HostPreparer preparer;
  Impression impression;
  const auto slots = static_cast<std::size_t>(tensors.input.desc().shape[0]);
  for (std::size_t picture = 0; status.ok() && picture < kRealPictures; picture += slots) {
    for (std::size_t slot = 0; slot < slots; ++slot) {
      preparer.Run(RealPicture(picture + slot), decoder().preprocess(),
                   tensors.input.Slot(static_cast<std::int64_t>(slot)));
    }
    status = RunOnce(tensors, lane);
    if (filtered) return status;
    if (status.ok()) status = LookAt(tensors, &impression);
  }
  return status.ok() ? decoder().Conclude(impression) : status;
}

Status ModelProgram::LookAt(const RunTensors& tensors, Impression* impression) const {
  const std::int64_t slots = tensors.input.desc().shape[0];
  for (const TensorView& output : tensors.outputs) {
    if (output.desc().type != ElementType::kFloat32) continue;
    const auto* const values = output.Host<const float>();
    const std::int64_t count = output.desc().shape.Count();
    const auto bad =
        std::count_if(values, values + count, [](float value) { return !std::isfinite(value); });
    if (bad == 0) continue;
    return Status::Error(ErrorCode::kModelInvalid, "Expected finite numbers but got " +
                                                       std::to_string(bad) + " of " +
                                                       std::to_string(count) + " that are not");
  }
  Status status;
  for (std::int64_t slot = 0; slot < slots && status.ok(); ++slot) {
    status = decoder().Judge(tensors.outputs, slot, impression);
  }
  return status;
}

}  // namespace jetfleet
