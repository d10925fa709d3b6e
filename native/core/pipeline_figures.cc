#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "core/pipeline.h"

namespace jetfleet {
namespace {

/// "gpu+dla0+dla1", each once.
std::string AcceleratorsOf(const ModelProgram& model) {
  std::string all;
  std::set<std::string> seen;
  for (std::size_t lane = 0; lane < model.lanes(); ++lane) {
    const std::string& name = model.lane(lane).accelerator;
    if (seen.insert(name).second) all += (all.empty() ? "" : "+") + name;
  }
  return all;
}

}  // namespace

PipelineFigures Pipeline::TakeFigures() {
  const std::lock_guard<std::mutex> lock(figures_mutex_);
  PipelineFigures figures;
  figures.sources.clear();
  figures.dropped_formerly = dropped_formerly_;
  figures.tracks_total = tracks_formerly_;
  figures.analytics = analytics_formerly_;
  const std::vector<Branches::Ref> branches = branches_.All();
  std::deque<StageMeter> sums(branches.size() > 1 ? stages_.size() : 0);
  for (const auto& branch : branches) {
    TakeFigures(branch.get(), &figures, sums.empty() ? nullptr : &sums);
  }
  TakeLanes(&figures);
  TakeSecondaries(&figures);
  if (!sums.empty()) SumUp(&figures, &sums);
  // Frames of all sources pass it together.
  const StageReport publish{
      stages_.Name(publish_), 0, listener_sink_.meter().Take(), listener_sink_.TakeLevels(), {}};
  figures.stages.push_back(publish);
  if (!sums.empty()) figures.sums.push_back(publish);
  return figures;
}

/// Each stage once, for the frames of all sources.
void Pipeline::SumUp(PipelineFigures* figures, std::deque<StageMeter>* sums) {
  for (const StageReport& stage : figures->stages) {
    const auto known = std::find_if(figures->sums.begin(), figures->sums.end(),
                                    [&](const StageReport& sum) { return sum.name == stage.name; });
    if (known == figures->sums.end()) {
      const StageId id = stages_.Add(stage.name);
      figures->sums.push_back({stage.name, 0, (*sums)[id].Take(), stage.queue, stage.engine});
      continue;
    }
    known->queue.level += stage.queue.level;
    known->queue.max += stage.queue.max;
    known->queue.capacity += stage.queue.capacity;
    known->queue.drops += stage.queue.drops;
    known->queue.drops_total += stage.queue.drops_total;
  }
}

void Pipeline::TakeLanes(PipelineFigures* figures) {
  const auto model = batcher_->model();
  if (model == nullptr) return;
  figures->slots = slots();
  const auto pictures = static_cast<std::int64_t>(figures->slots);
  figures->batch = model->Together(pictures);
  figures->unbatched = model->Unbatched(pictures);
  for (const auto& lane : lanes_) {
    const LaneOptions& options = model->lane(lane->number());
    figures->lanes.push_back({options.accelerator, options.precision, lane->figures()});
  }
  const std::vector<std::size_t> shares = batcher_->shares();
  for (SourceFigures& source : figures->sources) {
    if (shares.empty() || shares[source.place] == Batcher::kNoLane) continue;
    source.lane = shares[source.place];
  }
}

void Pipeline::TakeSecondaries(PipelineFigures* figures) {
  for (const auto& secondary : secondaries_) {
    const ModelProgram& model = secondary->model();
    figures->secondaries.push_back(
        {secondary->options().name, model.tag()->id, secondary->TakeFigures(), secondary->most(),
         model.Unbatched(std::max<std::int64_t>(2, static_cast<std::int64_t>(secondary->most())))});
  }
}

/// Pictures that never became frames are dropped in front of the decode stage.
QueueLevels Pipeline::TakeDecodeLevels(Branch* branch, const DropCounts::Counts& drops) {
  const std::size_t dropped = std::accumulate(drops.begin(), drops.end(), std::size_t{0});
  const DecodeBacklog::Levels backlog = branch->source->meter().backlog.TakeLevels();
  const std::size_t capacity =
      branch->source->live() ? DecodeBacklog::kLiveCapacity : DecodeBacklog::kFileCapacity;
  return {std::min(backlog.level, capacity), std::min(backlog.max, capacity), capacity,
          dropped - std::exchange(branch->decode_drops, dropped), dropped};
}

void Pipeline::AddAnalysed(Branch* branch, bool gives, std::optional<AnalyticsFigures>* sum) {
  if (branch->analysing == nullptr) return;
  const AnalyticsFigures analysed = branch->analysing->TakeFigures(gives);
  if (*sum) {
    (*sum)->Add(analysed);
  } else {
    *sum = analysed;
  }
}

void Pipeline::TakeFigures(Branch* of, PipelineFigures* figures, std::deque<StageMeter>* sums) {
  Branch& branch = *of;
  const std::uint32_t place = branch.place;
  const auto number = static_cast<std::uint32_t>(figures->sources.size());
  const auto add = [&](StageId id, StageMeter& meter, const QueueLevels& queue,
                       std::string engine = "") {
    StageMeter* const sum = sums == nullptr ? nullptr : &(*sums)[id];
    figures->stages.push_back(
        {stages_.Name(id), number, meter.Take(sum), queue, std::move(engine)});
  };
  const SourceMeter& meter = branch.source->meter();
  // Once: what is told by reason is what the stage's sum has.
  const DropCounts::Counts drops = meter.drops.Get();
  add(kDecodeStage, branch.decode_meter, TakeDecodeLevels(of, drops));
  const auto model = batcher_->model();
  add(preprocess_, batcher_->meter(place), batcher_->TakeLevels(place),
      model == nullptr ? "" : model->preprocess());
  add(detect_, detect_meters_[place], batcher_->TakeReadyLevels(place),
      model == nullptr ? "" : AcceleratorsOf(*model));
  for (std::size_t i = 0; i < branch.strand->stages(); ++i) {
    // Frames wait in front of the first; between stages of a strand nothing waits.
    add(branch.strand->id(i), branch.strand->meter(i),
        i == 0 ? branch.strand->queue().TakeLevels() : QueueLevels{});
  }
  if (branch.tracking != nullptr) figures->tracks_total += branch.tracking->tracks_total();
  const SourceState state = branch.state;
  const bool gives = state == SourceState::kPlaying || state == SourceState::kEnded;
  AddAnalysed(of, gives, &figures->analytics);
  SourceFigures& source = figures->sources.emplace_back();
  source.name = *branch.name;
  source.place = place;
  source.mark = branch.name;
  source.state = branch.state;
  source.reconnects = branch.source->reconnects();
  source.facts = meter.facts();
  source.drops = drops;
  source.detect_interval = batcher_->interval();
  source.watches_motion = batcher_->gate(place).watches_motion();
  std::copy(branch.looked.begin(), branch.looked.end(), source.looked.begin());
}

}  // namespace jetfleet
