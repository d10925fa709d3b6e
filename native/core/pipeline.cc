#include "core/pipeline.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "core/media/source.h"

namespace jetfleet {
namespace {

// Small, because what waits gets old. One frame in front of the batch that is ready takes up the
// jitter of the network; behind inference nothing waits long.
constexpr std::size_t kLiveSlots = 1;
constexpr std::size_t kFileSlots = 2;
constexpr std::size_t kStrandQueue = 4;
constexpr std::size_t kListenerQueue = 8;
/// Half a second of a usual camera.
constexpr std::size_t kStretch = 8;
/// Tracking takes a fraction of a millisecond.
constexpr std::size_t kStrandThreads = 1;

Overflow OverflowOf(const PipelineSource& source) {
  return SourceUri::Parse(source.options.uri).live ? Overflow::kDropOldest : Overflow::kBlock;
}

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

/// One live source among files decides, for it must not wait for them.
Overflow OverflowOf(const std::vector<PipelineSource>& sources) {
  const bool live = std::any_of(sources.begin(), sources.end(), [](const PipelineSource& source) {
    return OverflowOf(source) == Overflow::kDropOldest;
  });
  return live ? Overflow::kDropOldest : Overflow::kBlock;
}

/// The listener is last: it alone needs no copy of the frame.
std::vector<Sink*> AllSinks(std::vector<Sink*> sinks, Sink* listener) {
  sinks.push_back(listener);
  return sinks;
}

}  // namespace

Pipeline::Pipeline(const PipelineOptions& options, std::shared_ptr<ModelProgram> model,
                   PipelineListener* listener)
    : options_(options),
      listener_(listener),
      listener_sink_({publish_, options.sources.size(), kListenerQueue * options.sources.size(),
                      OverflowOf(options.sources), options.batch, options.stats_interval},
                     listener,
                     {[this] { return TakeFigures(); },
                      [this](std::uint32_t source) { OnEndOfStream(source); },
                      [this](const ModelChange& change) { OnModelChange(change); }}),
      fan_out_(AllSinks(options.sinks, &listener_sink_)),
      executor_(kStrandThreads),
      detect_meters_(options.sources.size()) {
  for (const PipelineSource& source : options.sources) AddBranch(source, model);
  const auto on_error = [this](const Status& status) { Fail(status); };
  const float candidate_score = options.track ? kTrackerLowScore : 1.0F;
  for (std::size_t lane = 0; lane < model->lanes(); ++lane) {
    lanes_.push_back(std::make_unique<Lane>(
        lane, Lane::Options{detect_, candidate_score, &detect_meters_},
        Lane::Callbacks{[this](FramePtr frame) { OnDetected(std::move(frame)); },
                        [this, lane] { batcher_->OnRoom(lanes_[lane].get()); }, on_error}));
  }
  Batcher::Options batching;
  batching.stage = preprocess_;
  batching.candidate_score = candidate_score;
  batching.share_interval = options.share_interval;
  batching.interval = options.detect_interval;
  if (options.track) batching.motion = options.motion;
  for (const Branch& branch : branches_) {
    const bool live = branch.overflow == Overflow::kDropOldest;
    batching.sources.push_back({live ? kLiveSlots : kFileSlots, branch.overflow});
  }
  batcher_ = std::make_unique<Batcher>(
      batching, std::move(model), &lanes_,
      Batcher::Callbacks{[this](FramePtr frame) { OnDetected(std::move(frame)); }, on_error});
}

void Pipeline::AddBranch(const PipelineSource& source, const std::shared_ptr<ModelProgram>& model) {
  const auto number = static_cast<std::uint32_t>(branches_.size());
  Branch* const branch = &branches_.emplace_back();
  branch->name = std::make_shared<const std::string>(source.name);
  branch->overflow = OverflowOf(source);
  branch->timeout = source.options.timeout;
  branch->region = source.region;
  const auto on_error = [this](const Status& status) { Fail(status); };
  const auto next = [this, branch](FramePtr frame) {
    if (frame->end_of_stream) EndVisits(branch);
    fan_out_.Push(std::move(frame));
  };
  std::vector<Strand::Stage> stages;
  if (options_.track) {
    branch->tracking = std::make_unique<Tracking>(model, *options_.track);
    stages.push_back({track_, [this, branch, number](Frame& frame) {
                        const Status status = branch->tracking->Run(frame);
                        batcher_->gate(number).set_objects_move(branch->tracking->objects_move());
                        return status;
                      }});
  }
  if (options_.track && options_.analytics) {
    branch->analysing = std::make_unique<Analysing>(
        *options_.analytics, branch->name,
        [this](const std::vector<AnalyticsEvent>& events) { listener_->OnAnalytics(events); });
    stages.push_back({analytics_, [branch](Frame& frame) {
                        return branch->analysing->Run(frame, branch->tracking->keep_seconds());
                      }});
  }
  branch->strand = std::make_unique<Strand>(&executor_, kStrandQueue, branch->overflow,
                                            std::move(stages), Strand::Callbacks{next, on_error});
  branch->reorder = std::make_unique<Reorder>(
      [this, branch](FramePtr frame) { OnOrdered(branch, std::move(frame)); });
  FrameSource::Callbacks callbacks{
      [=](FramePtr frame) { OnPicture(branch, number, std::move(frame)); },
      [=](SourceState state, const Status& why) { OnSourceState(branch, number, state, why); },
      [=](const Status& why) { OnSourceFailed(branch, why); },
      [=](const Status& warning) { listener_->OnWarning(*branch->name, warning); }};
  SourceOptions opened = source.options;
  if (!model->takes_nvmm()) {
    opened.nvmm.reset();
  } else if (opened.nvmm == nullptr) {
    opened.nvmm = NvmmPictures::Open();
  }
  in_nvmm_ = in_nvmm_ || opened.nvmm != nullptr;
  branch->source = source.make ? source.make(opened, std::move(callbacks))
                               : std::make_unique<Source>(opened, std::move(callbacks));
}

Pipeline::~Pipeline() { Stop(); }

void Pipeline::Start() {
  listener_sink_.Start();
  executor_.Start();
  for (const auto& lane : lanes_) lane->Start();
  batcher_->Start();
  for (Branch& branch : branches_) branch.source->Start();
}

void Pipeline::Stop() {
  const std::lock_guard<std::mutex> lock(stop_mutex_);
  Close();
  for (Branch& branch : branches_) branch.source->Stop();
  batcher_->Join();
  for (const auto& lane : lanes_) lane->Join();
  executor_.Join();
  for (Branch& branch : branches_) EndVisits(&branch);
  listener_sink_.Join();
}

void Pipeline::Close() {
  {
    const std::lock_guard<std::mutex> lock(model_mutex_);
    closing_ = true;
  }
  model_event_.notify_all();
  for (Branch& branch : branches_) branch.source->RequestStop();
  batcher_->Close();
  for (const auto& lane : lanes_) lane->Close();
  for (Branch& branch : branches_) branch.strand->Close();
  executor_.Close();
  listener_sink_.Close();
}

void Pipeline::EndVisits(Branch* branch) {
  if (branch->analysing != nullptr) branch->analysing->End(VisitEnd::kSourceEnded);
}

void Pipeline::Fail(const Status& status) {
  if (failed_.exchange(true)) return;
  listener_->OnFailed(status);
  Close();
}

void Pipeline::Stretch(TimePoint until) {
  batcher_->Stretch(kStretch, until);
  for (Branch& branch : branches_) branch.strand->queue().Stretch(kStretch, until);
}

Status Pipeline::SwapModel(std::shared_ptr<ModelProgram> model,
                           std::optional<ModelChange>* change) {
  std::unique_lock<std::mutex> lock(model_mutex_);
  const auto cancelled = Status::Error(ErrorCode::kCancelled, "The pipeline stops");
  if (closing_) return cancelled;
  if (model->lanes() != lanes_.size()) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected a model for " + std::to_string(lanes_.size()) +
                             " accelerators but got one for " + std::to_string(model->lanes()) +
                             " while exchanging models; start the pipeline anew for that");
  }
  if (in_nvmm_ && !model->takes_nvmm()) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected a model that is given pictures in NVMM memory but got one that "
                         "is prepared by the CPU while exchanging models; start the pipeline anew "
                         "for that");
  }
  model_change_.reset();
  // Kept until the last frame that it worked on is gone, so that it is freed on this thread.
  const auto former = batcher_->SetModel(model);
  const auto came = [&] { return model_change_ && model_change_->to == model->tag(); };
  const auto patience =
      std::max_element(branches_.begin(), branches_.end(), [](const Branch& a, const Branch& b) {
        return a.timeout < b.timeout;
      })->timeout;
  model_event_.wait_for(lock, patience, [&] { return closing_ || came() || !FramesAreComing(); });
  if (came()) {
    *change = model_change_;
    return Status::Ok();
  }
  return closing_ ? cancelled : Status::Ok();
}

Status Pipeline::SetDetectInterval(int interval) {
  if (interval < 1 || (interval > 1 && !options_.track)) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected a detect interval of 1, or more with a tracker, but got " +
                             std::to_string(interval) + (options_.track ? "" : " without one") +
                             "; add track to the pipeline");
  }
  batcher_->SetInterval(interval);
  return Status::Ok();
}

void Pipeline::OnDetected(FramePtr frame) {
  Branch& branch = branches_[frame->result.id.source];
  branch.reorder->Add(std::move(frame));
}

void Pipeline::OnOrdered(Branch* branch, FramePtr frame) {
  if (!frame->end_of_stream) ++branch->looked[static_cast<std::size_t>(frame->result.skip)];
  if (WasSkipped(frame)) {
    // It has waited for inference of those before it, though for none of its own.
    const TimePoint now = Clock::now();
    frame->trace.Record(detect_, now, now);
  }
  branch->strand->Push(std::move(frame));
}

void Pipeline::OnModelChange(const ModelChange& change) {
  {
    const std::lock_guard<std::mutex> lock(model_mutex_);
    // Of several sources, the first to change is told.
    if (!model_change_ || model_change_->to != change.to) model_change_ = change;
  }
  model_event_.notify_all();
}

void Pipeline::OnEndOfStream(std::uint32_t source) {
  Branch& branch = branches_[source];
  listener_->OnSource(*branch.name, SourceState::kEnded, branch.end);
  branch.drained = true;
  WakeSwap();
  const auto failed = std::find_if(branches_.begin(), branches_.end(),
                                   [](const Branch& each) { return each.failed.load(); });
  if (failed == branches_.end() || !AllThrough()) return;
  Status why;
  {
    const std::lock_guard<std::mutex> lock(failed->failure_mutex);
    why = failed->failure;
  }
  Fail(why);
}

void Pipeline::OnSourceFailed(Branch* branch, const Status& status) {
  {
    const std::lock_guard<std::mutex> lock(branch->failure_mutex);
    branch->failure = status;
  }
  branch->failed = true;
  if (AllThrough()) return Fail(status);
  branch->state = SourceState::kLost;
  listener_->OnSource(*branch->name, SourceState::kLost, status);
  WakeSwap();
}

bool Pipeline::AllThrough() const {
  return std::all_of(branches_.begin(), branches_.end(),
                     [](const Branch& branch) { return branch.failed || branch.drained; });
}

void Pipeline::WakeSwap() {
  // Taken and let go, so that nobody is between the test of the condition and the wait for it.
  { const std::lock_guard<std::mutex> lock(model_mutex_); }
  model_event_.notify_all();
}

bool Pipeline::FramesAreComing() const {
  return std::any_of(branches_.begin(), branches_.end(), [](const Branch& branch) {
    const SourceState state = branch.state;
    return state == SourceState::kPlaying || (state == SourceState::kEnded && !branch.drained);
  });
}

void Pipeline::OnPicture(Branch* branch, std::uint32_t number, FramePtr frame) {
  frame->result.source = branch->name;
  frame->result.id = {number, branch->next_index++};
  if (fan_out_.needs_surface()) frame->picture = frame->surface;
  if (branch->region) {
    PicturePart part = PartOf(*frame->surface, *branch->region);
    frame->surface = std::move(part.surface);
    frame->left = part.left;
    frame->top = part.top;
  }
  branch->decode_meter.Add(frame->trace.WaitMs(kDecodeStage), frame->trace.WorkMs(kDecodeStage));
  batcher_->Push(number, std::move(frame));
  if (batcher_->gate(number).BecameBlind()) {
    listener_->OnWarning(
        *branch->name,
        Status::Error(ErrorCode::kMotionUnavailable,
                      "Expected pictures that the CPU can read for detect.motion but the decoder "
                      "keeps them in memory that it cannot; every frame is detected"));
  }
}

void Pipeline::OnSourceState(Branch* branch, std::uint32_t number, SourceState state,
                             const Status& status) {
  branch->state = state;
  // A camera that let go of its connection after all.
  if (state == SourceState::kPlaying) branch->failed = false;
  WakeSwap();
  if (state != SourceState::kEnded) return listener_->OnSource(*branch->name, state, status);
  // Behind the last frame; the sink tells.
  branch->end = status;
  auto end = std::make_unique<Frame>();
  end->end_of_stream = true;
  end->result.id.source = number;
  batcher_->Push(number, std::move(end));
}

PipelineFigures Pipeline::TakeFigures() {
  PipelineFigures figures;
  figures.sources.clear();
  std::deque<StageMeter> sums(branches_.size() > 1 ? stages_.size() : 0);
  for (std::uint32_t number = 0; number < branches_.size(); ++number) {
    TakeFigures(number, &figures, sums.empty() ? nullptr : &sums);
  }
  TakeLanes(&figures);
  if (!sums.empty()) SumUp(&figures, &sums);
  // Frames of all sources pass it together.
  const StageReport publish{stages_.Name(publish_),
                            0,
                            listener_sink_.meter().Take(),
                            listener_sink_.queue().TakeLevels(),
                            {}};
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
  figures->batch = model->Together(static_cast<std::int64_t>(branches_.size()));
  figures->unbatched = model->unbatched();
  for (const auto& lane : lanes_) {
    const LaneOptions& options = model->lane(lane->number());
    figures->lanes.push_back({options.accelerator, options.precision, lane->figures()});
  }
  const std::vector<std::size_t> shares = batcher_->shares();
  for (std::size_t source = 0; source < shares.size(); ++source) {
    figures->sources[source].lane = shares[source];
  }
}

/// Pictures that never became frames are dropped in front of the decode stage.
QueueLevels Pipeline::TakeDecodeLevels(Branch* branch) {
  SourceMeter& meter = branch->source->meter();
  const DropCounts::Counts drops = meter.drops.Get();
  const std::size_t dropped = std::accumulate(drops.begin(), drops.end(), std::size_t{0});
  const DecodeBacklog::Levels backlog = meter.backlog.TakeLevels();
  const std::size_t capacity =
      branch->source->live() ? DecodeBacklog::kLiveCapacity : DecodeBacklog::kFileCapacity;
  return {std::min(backlog.level, capacity), std::min(backlog.max, capacity), capacity,
          dropped - std::exchange(branch->decode_drops, dropped), dropped};
}

void Pipeline::TakeFigures(std::uint32_t number, PipelineFigures* figures,
                           std::deque<StageMeter>* sums) {
  Branch& branch = branches_[number];
  const auto add = [&](StageId id, StageMeter& meter, const QueueLevels& queue,
                       std::string engine = "") {
    StageMeter* const sum = sums == nullptr ? nullptr : &(*sums)[id];
    figures->stages.push_back(
        {stages_.Name(id), number, meter.Take(sum), queue, std::move(engine)});
  };
  add(kDecodeStage, branch.decode_meter, TakeDecodeLevels(&branch));
  const auto model = batcher_->model();
  add(preprocess_, batcher_->meter(number), batcher_->TakeLevels(number), model->preprocess());
  add(detect_, detect_meters_[number], batcher_->TakeReadyLevels(number), AcceleratorsOf(*model));
  for (std::size_t i = 0; i < branch.strand->stages(); ++i) {
    // Frames wait in front of the first; between stages of a strand nothing waits.
    add(branch.strand->id(i), branch.strand->meter(i),
        i == 0 ? branch.strand->queue().TakeLevels() : QueueLevels{});
  }
  if (branch.tracking != nullptr) figures->tracks_total += branch.tracking->tracks_total();
  if (branch.analysing != nullptr) {
    const SourceState state = branch.state;
    const bool gives = state == SourceState::kPlaying || state == SourceState::kEnded;
    const AnalyticsFigures analysed = branch.analysing->TakeFigures(gives);
    if (figures->analytics) {
      figures->analytics->Add(analysed);
    } else {
      figures->analytics = analysed;
    }
  }
  const SourceMeter& meter = branch.source->meter();
  SourceFigures& source = figures->sources.emplace_back();
  source.name = *branch.name;
  source.state = branch.state;
  source.reconnects = branch.source->reconnects();
  source.facts = meter.facts();
  source.drops = meter.drops.Get();
  source.detect_interval = batcher_->interval();
  source.watches_motion = batcher_->gate(number).watches_motion();
  std::copy(branch.looked.begin(), branch.looked.end(), source.looked.begin());
}

}  // namespace jetfleet
