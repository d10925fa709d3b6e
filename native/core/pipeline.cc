#include "core/pipeline.h"

#include <algorithm>
#include <utility>

#include "core/infer/assembly.h"

namespace jetfleet {
namespace {

/// Half a second of a usual camera.
constexpr std::size_t kStretch = 8;
constexpr std::chrono::milliseconds kLookForStop{50};
/// Tracking takes a fraction of a millisecond.
constexpr std::size_t kStrandThreads = 1;

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
      listener_sink_({publish_, options.batch, options.stats_interval}, listener,
                     {[this] { return TakeFigures(); },
                      [this](std::uint32_t source) { return IsLastEnd(source); },
                      [this](std::uint32_t source) { OnEndOfStream(source); },
                      [this](const ModelChange& change) { OnModelChange(change); }}),
      fan_out_(AllSinks(options.sinks, &listener_sink_)),
      executor_(kStrandThreads) {
  const auto on_error = [this](const Status& status) { Fail(status); };
  if (options.track) {
    for (const SecondaryModel& secondary : options.secondaries) {
      secondaries_.push_back(std::make_unique<Secondary>(secondary, on_error));
    }
  }
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
  for (const PipelineSource& source : options.sources) {
    const Branches::Ref branch = MakeBranch(source, model);
    branches_.Add(branch);
    batching.sources.push_back(LimitOf(*branch));
  }
  NoteSources();
  batcher_ = std::make_unique<Batcher>(
      batching, std::move(model), &lanes_,
      Batcher::Callbacks{[this](FramePtr frame) { OnDetected(std::move(frame)); }, on_error});
}

Pipeline::~Pipeline() { Stop(); }

void Pipeline::Start() {
  listener_sink_.Start();
  executor_.Start();
  for (const auto& secondary : secondaries_) secondary->Start();
  for (const auto& lane : lanes_) lane->Start();
  batcher_->Start();
  for (const auto& branch : branches_.All()) branch->source->Start();
}

void Pipeline::Stop() {
  // Whoever adds or removes a source ends soon after that.
  Close();
  const std::lock_guard<std::mutex> lock(sources_mutex_);
  for (const auto& branch : branches_.All()) branch->source->RequestStop();
  for (const auto& branch : branches_.All()) branch->source->Stop();
  batcher_->Join();
  for (const auto& lane : lanes_) lane->Join();
  for (const auto& secondary : secondaries_) secondary->Join();
  executor_.Join();
  for (const auto& branch : branches_.All()) EndVisits(branch.get());
  listener_sink_.Join();
}

void Pipeline::Close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
  }
  event_.notify_all();
  const std::vector<Branches::Ref> branches = branches_.All();
  for (const auto& branch : branches) branch->source->RequestStop();
  batcher_->Close();
  for (const auto& lane : lanes_) lane->Close();
  for (const auto& secondary : secondaries_) secondary->Close();
  for (const auto& branch : branches) branch->strand->Close();
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

bool Pipeline::closing() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return closing_;
}

void Pipeline::Stretch(TimePoint until) {
  batcher_->Stretch(kStretch, until);
  for (const auto& branch : branches_.All()) branch->strand->queue().Stretch(kStretch, until);
}

Status Pipeline::SwapModel(std::shared_ptr<ModelProgram> model,
                           std::optional<ModelChange>* change) {
  std::unique_lock<std::mutex> lock(mutex_);
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
  if (options_.analytics) {
    const Status counted = CheckLabels(*options_.analytics, model->tag()->labels);
    if (!counted.ok()) return counted;
  }
  for (const auto& secondary : secondaries_) {
    const Status looked_at = CheckLabels(secondary->options(), model->tag()->labels);
    if (!looked_at.ok()) return looked_at;
  }
  model_change_.reset();
  // Kept until the last frame that it worked on is gone, so that it is freed on this thread.
  const auto former = batcher_->SetModel(model);
  event_.notify_all();
  const auto came = [&] { return model_change_ && model_change_->to == model->tag(); };
  std::chrono::milliseconds patience{0};
  for (const auto& branch : branches_.All()) patience = std::max(patience, branch->timeout);
  event_.wait_for(lock, patience, [&] { return closing_ || came() || !FramesAreComing(); });
  if (came()) {
    *change = model_change_;
    return Status::Ok();
  }
  return closing_ ? cancelled : Status::Ok();
}

Status Pipeline::ReleaseModel() {
  auto former = batcher_->SetModel(nullptr);
  if (former == nullptr) return Status::Ok();
  // Frames on their way hold it; they leave by themselves, unless all is about to stop.
  const std::future<void> gone = former->gone();
  former.reset();
  while (gone.wait_for(kLookForStop) != std::future_status::ready) {
    if (closing()) return Status::Error(ErrorCode::kCancelled, "The pipeline stops");
  }
  return Status::Ok();
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

Status Pipeline::SetAdmission(int every) {
  if (every < 1) {
    return Status::Error(
        ErrorCode::kUsage,
        "Expected to admit every so many-th picture, 1 or more, but got " + std::to_string(every));
  }
  admit_every_ = every;
  return Status::Ok();
}

void Pipeline::OnDetected(FramePtr frame) {
  if (frame->assembly != nullptr) {
    frame = Assembly::Gather(std::move(frame), {preprocess_, detect_});
    if (frame == nullptr) return;
    const std::uint32_t place = frame->result.id.source;
    const FrameTrace& trace = frame->trace;
    batcher_->meter(place).Add(trace.WaitMs(preprocess_), trace.WorkMs(preprocess_));
    detect_meters_[place].Add(trace.WaitMs(detect_), trace.WorkMs(detect_));
  }
  // Nobody cuts anything out of it.
  if (WasSkipped(frame) && !fan_out_.needs_surface()) frame->picture.reset();
  const Branches::Ref branch = branches_.At(frame->result.id.source);
  branch->reorder->Add(std::move(frame));
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
    const std::lock_guard<std::mutex> lock(mutex_);
    // Of several sources, the first to change is told.
    if (!model_change_ || model_change_->to != change.to) model_change_ = change;
  }
  event_.notify_all();
}

bool Pipeline::FramesAreComing() const {
  const auto branches = branches_.All();
  return std::any_of(branches.begin(), branches.end(), [](const Branches::Ref& branch) {
    const SourceState state = branch->state;
    return state == SourceState::kPlaying || (state == SourceState::kEnded && !branch->drained);
  });
}

void Pipeline::Wake() {
  // Taken and let go, so that nobody is between the test of the condition and the wait for it.
  { const std::lock_guard<std::mutex> lock(mutex_); }
  event_.notify_all();
}

}  // namespace jetfleet
