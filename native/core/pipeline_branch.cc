#include <algorithm>
#include <utility>

#include "core/media/source.h"
#include "core/pipeline.h"

namespace jetfleet {
namespace {

/// Behind inference nothing waits long.
constexpr std::size_t kStrandQueue = 4;

Overflow OverflowOf(const PipelineSource& source) {
  return SourceUri::Parse(source.options.uri).live ? Overflow::kDropOldest : Overflow::kBlock;
}

}  // namespace

Branches::Ref Pipeline::MakeBranch(const PipelineSource& source,
                                   const std::shared_ptr<const ModelProgram>& model) {
  const auto made = std::make_shared<Branch>();
  Branch* const branch = made.get();
  branch->name = std::make_shared<const std::string>(source.name);
  branch->overflow = OverflowOf(source);
  branch->timeout = source.options.timeout;
  if (!source.regions.empty()) {
    branch->regions = std::make_shared<const std::vector<Region>>(source.regions);
  }
  const auto on_error = [this](const Status& status) { Fail(status); };
  const auto next = [this, branch](FramePtr frame) {
    if (frame->end_of_stream) EndVisits(branch);
    fan_out_.Push(std::move(frame));
  };
  branch->strand =
      std::make_shared<Strand>(&executor_, kStrandQueue, branch->overflow,
                               MakeStages(branch, model), Strand::Callbacks{next, on_error});
  branch->reorder = std::make_unique<Reorder>(
      [this, branch](FramePtr frame) { OnOrdered(branch, std::move(frame)); });
  OpenSource(branch, source, model);
  return made;
}

std::vector<Strand::Stage> Pipeline::MakeStages(Branch* branch,
                                                const std::shared_ptr<const ModelProgram>& model) {
  std::vector<Strand::Stage> stages;
  if (!options_.track) return stages;
  branch->tracking = std::make_unique<Tracking>(model, *options_.track);
  stages.push_back({track_, [this, branch](Frame& frame) {
                      const Status status = branch->tracking->Run(frame);
                      FrameGate& gate = batcher_->gate(branch->place);
                      gate.set_objects_move(branch->tracking->objects_move());
                      return status;
                    }});
  if (!secondaries_.empty()) stages.push_back(AttributeStage(branch));
  if (!options_.analytics) return stages;
  branch->analysing = std::make_unique<Analysing>(
      *options_.analytics, branch->name,
      [this](const std::vector<AnalyticsEvent>& events) { listener_->OnAnalytics(events); });
  stages.push_back({analytics_, [branch](Frame& frame) {
                      return branch->analysing->Run(frame, branch->tracking->keep_seconds());
                    }});
  return stages;
}

Strand::Stage Pipeline::AttributeStage(Branch* branch) {
  branch->attributing = std::make_unique<Attributing>(secondaries_);
  const auto tell = [this, branch](Frame& frame) {
    if (!fan_out_.needs_surface()) frame.picture.reset();
    return branch->attributing->Tell(frame, branch->tracking->keep_seconds());
  };
  const auto ask = [this, branch](Frame& frame, Strand::Resume resume, bool* waits) {
    // Beside live sources a file's frames go on, too: those of all leave the same accelerator.
    if (!all_files_) resume = nullptr;
    return branch->attributing->Ask(frame, std::move(resume), waits);
  };
  return {secondary_, tell, ask};
}

void Pipeline::OpenSource(Branch* branch, const PipelineSource& source,
                          const std::shared_ptr<const ModelProgram>& model) {
  FrameSource::Callbacks callbacks{
      [=](FramePtr frame) { OnPicture(branch, std::move(frame)); },
      [=](SourceState state, const Status& why) { OnSourceState(branch, state, why); },
      [=](const Status& why) { OnSourceFailed(branch, why); },
      [=](const Status& warning) {
        if (!branch->removing) listener_->OnWarning(*branch->name, warning);
      }};
  SourceOptions opened = source.options;
  const bool all_take_nvmm =
      model->takes_nvmm() && std::all_of(secondaries_.begin(), secondaries_.end(),
                                         [](const auto& one) { return one->model().takes_nvmm(); });
  if (!all_take_nvmm) {
    opened.nvmm.reset();
  } else if (opened.nvmm == nullptr) {
    opened.nvmm = NvmmPictures::Open();
  }
  in_nvmm_ = in_nvmm_ || opened.nvmm != nullptr;
  branch->source = source.make ? source.make(opened, std::move(callbacks))
                               : std::make_unique<Source>(opened, std::move(callbacks));
}

}  // namespace jetfleet
