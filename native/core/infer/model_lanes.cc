// Lanes of a model: which accelerators share its frames, each with its program and context, and the
// filter that picks candidates out on all of them.
#include <algorithm>
#include <utility>

#include "core/infer/abi.h"
#include "core/infer/model_file.h"
#include "core/infer/model_program.h"

namespace jetfleet {
namespace {

bool Same(const TensorInfo& a, const TensorInfo& b) {
  return a.name == b.name && a.element == b.element && a.shape == b.shape && a.min == b.min &&
         a.max == b.max && a.memory == b.memory;
}

bool SameInterface(const ModelInfo& a, const ModelInfo& b) {
  const auto same = [](const std::vector<TensorInfo>& some, const std::vector<TensorInfo>& others) {
    return std::equal(some.begin(), some.end(), others.begin(), others.end(), Same);
  };
  return same(a.inputs, b.inputs) && same(a.outputs, b.outputs);
}

}  // namespace

Status ModelProgram::OpenLanes(Backend* backend, const DetectorOptions& detector) {
  const std::vector<LaneOptions> wanted =
      detector.lanes.empty() ? std::vector<LaneOptions>(1) : detector.lanes;
  const std::vector<std::string>& known = backend->capabilities().accelerators;
  for (const LaneOptions& options : wanted) {
    LaneState& lane = lanes_.emplace_back();
    lane.options = options;
    if (lane.options.path.empty()) lane.options.path = detector.model_path;
    const Status status = LoadLane(backend, detector, &lane);
    if (!status.ok()) return status;
    if (lane.options.accelerator.empty() && !known.empty()) lane.options.accelerator = known[0];
  }
  return Status::Ok();
}

Status ModelProgram::LoadLane(Backend* backend, const DetectorOptions& detector, LaneState* lane) {
  const LaneOptions& wanted = lane->options;
  const auto found = std::find_if(programs_.begin(), programs_.end(), [&](const auto& loaded) {
    return loaded.first.path == wanted.path && loaded.first.accelerator == wanted.accelerator;
  });
  if (found != programs_.end()) {
    return NewContext(*found->second, lane);
  }
  // Without one of its own, an engine of an accelerator's own has its seal.
  const bool is_model = wanted.digest.empty() && wanted.path == detector.model_path;
  ModelFile file;
  Status status = file.Open(wanted.path, is_model ? detector.model_digest : wanted.digest);
  if (!status.ok()) return status;
  LoadOptions load;
  load.path = file.path();
  load.threads = static_cast<std::uint32_t>(detector.threads);
  load.accelerator = wanted.accelerator;
  std::shared_ptr<Program> program;
  status = backend->Load(load, &program);
  if (!status.ok()) return Status::Error(status.code, file.Named(std::move(status.message)));
  ModelInfo info;
  status = program->Describe(&info);
  if (!status.ok()) return status;
  if (programs_.empty()) {
    info_ = std::move(info);
  } else if (!SameInterface(info_, info)) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected engines with the same inputs and outputs but got others in " +
                             wanted.path + " for accelerator " + wanted.accelerator +
                             " while loading the model for several accelerators");
  }
  programs_.emplace_back(wanted, program);
  return NewContext(*program, lane);
}

Status ModelProgram::NewContext(Program& program, LaneState* lane) const {
  const std::string preprocessor = prepares() ? preprocess_ : "";
  const Status status = program.NewContext(lane->options.accelerator, preprocessor, &lane->context);
  if (!status.ok() || !prepares() || lane->context->prepares()) return status;
  return Status::Error(ErrorCode::kModelInvalid,
                       "The backend names " + preprocess_ + " and does not prepare with it");
}

/// All lanes or none: batches do not know beforehand where they go.
void ModelProgram::TryFilter() {
  if (!decoder().head()) return;
  bool all = true;
  for (LaneState& lane : lanes_) all = all && SetFilter(&lane, min_score_).ok();
  for (LaneState& lane : lanes_) {
    if (lane.filter_score && !SetFilter(&lane, std::nullopt).ok()) all = false;
  }
  filters_ = all;
}

Status ModelProgram::SetFilter(LaneState* lane, std::optional<float> score) {
  if (lane->filter_score == score) return Status::Ok();
  JfFilter filter = Sized<JfFilter>();
  if (score) {
    const CandidateHead head = *decoder().head();
    filter.head = head.head;
    filter.output = head.output;
    filter.most = kMostCandidates;
    filter.min_score = *score;
  }
  const Status status = lane->context->Filter(score ? &filter : nullptr);
  if (status.ok()) lane->filter_score = score;
  return status;
}

}  // namespace jetfleet
