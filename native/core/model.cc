#include "core/model.h"

#include <sys/resource.h>

#include <thread>
#include <utility>

#include "core/stage.h"
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

Model::Model(ModelTag model_tag, float score, std::unique_ptr<Detector> model_detector)
    : tag(std::make_shared<const ModelTag>(std::move(model_tag))),
      min_score(score),
      preprocessor(model_detector->input()),
      detector(std::move(model_detector)) {}

Status Model::Load(const ModelOptions& options, std::shared_ptr<Model>* model) {
  std::unique_ptr<Detector> detector;
  const Status status = Detector::Load(options.detector, &detector);
  if (!status.ok()) return status;
  *model = std::make_shared<Model>(ModelTag{options.id, options.labels}, options.min_score,
                                   std::move(detector));
  return Status::Ok();
}

Status Model::LoadAndWarm(const ModelOptions& options, std::shared_ptr<Model>* model,
                          LoadTimes* times) {
  Status status;
  std::thread([&] {
    StepBack(options);
    const TimePoint start = Clock::now();
    status = Load(options, model);
    const TimePoint loaded = Clock::now();
    if (status.ok()) status = (*model)->detector->Warm();
    *times = {FrameTrace::Ms(loaded - start), FrameTrace::Ms(Clock::now() - loaded)};
  }).join();
  return status;
}

}  // namespace jetfleet
