#include "core/pipeline.h"

#include <algorithm>
#include <map>
#include <utility>

namespace jetfleet {
namespace {

// Small, because what waits gets old. Before inference two frames take up the jitter of the
// network; behind it nothing waits long.
constexpr std::size_t kPreprocessQueue = 2;
constexpr std::size_t kDetectQueue = 2;
constexpr std::size_t kTrackQueue = 4;
constexpr std::size_t kPublishQueue = 8;
/// Half a second of a usual camera.
constexpr std::size_t kStretch = 8;

/// ByteTrack lives on detections the user does not want to see.
constexpr float kTrackerLowScore = 0.1F;
constexpr float kNewTrackMargin = 0.1F;

Overflow OverflowOf(const SourceOptions& source) {
  return SourceUri::Parse(source.uri).live ? Overflow::kDropOldest : Overflow::kBlock;
}

ByteTrackOptions TrackerOptions(float min_score) {
  ByteTrackOptions options;
  options.high_score = min_score;
  options.low_score = std::min(kTrackerLowScore, min_score);
  options.new_track_score = std::min(min_score + kNewTrackMargin, 0.95F);
  return options;
}

/// From the label numbers of one model to those of another, by name.
std::map<int, int> LabelMap(const ModelTag& from, const ModelTag& to) {
  std::map<int, int> map;
  for (std::size_t i = 0; i < from.labels.size(); ++i) {
    const auto found = std::find(to.labels.begin(), to.labels.end(), from.labels[i]);
    if (found == to.labels.end()) continue;
    map[static_cast<int>(i)] = static_cast<int>(found - to.labels.begin());
  }
  return map;
}

}  // namespace

Pipeline::Pipeline(const PipelineOptions& options, std::shared_ptr<Model> model,
                   PipelineListener* listener)
    : options_(options),
      listener_(listener),
      tracker_(TrackerOptions(model->min_score)),
      tracked_model_(options.track ? model : nullptr),
      model_(std::move(model)),
      publisher_({kPublishQueue, OverflowOf(options.source), options.batch, options.stats_interval},
                 listener,
                 {[this] { return TakeFigures(); }, [this] { OnEndOfStream(); },
                  [this](const ModelChange& change) { OnModelChange(change); }}) {
  const Overflow overflow = OverflowOf(options.source);
  const auto on_error = [this](const Status& status) { Fail(status); };
  // Built from the end, so that each stage knows the queue behind it.
  FrameQueue* next = &publisher_.queue();
  const auto add = [&](StageId id, std::size_t capacity, Stage::Work work) {
    stages_.insert(stages_.begin(),
                   std::make_unique<Stage>(
                       id, capacity, overflow, std::move(work),
                       [next](FramePtr frame) { next->Push(std::move(frame)); }, on_error));
    next = &stages_.front()->queue();
  };
  if (options.track) {
    add(StageId::kTrack, kTrackQueue, [this](Frame& frame) { return TrackObjects(frame); });
  }
  add(StageId::kDetect, kDetectQueue, [this](Frame& frame) { return Detect(frame); });
  add(StageId::kPreprocess, kPreprocessQueue, [this](Frame& frame) { return Preprocess(frame); });
  source_ = std::make_unique<Source>(
      options.source, Source::Callbacks{[this](FramePtr frame) { OnPicture(std::move(frame)); },
                                        [this](SourceState state, const Status& status) {
                                          OnSourceState(state, status);
                                        },
                                        on_error});
}

Pipeline::~Pipeline() { Stop(); }

void Pipeline::Start() {
  publisher_.Start();
  for (const auto& stage : stages_) stage->Start();
  source_->Start();
}

void Pipeline::Stop() {
  const std::lock_guard<std::mutex> lock(stop_mutex_);
  Close();
  source_->Stop();
  for (const auto& stage : stages_) stage->Join();
  publisher_.Join();
}

void Pipeline::Close() {
  {
    const std::lock_guard<std::mutex> lock(model_mutex_);
    closing_ = true;
  }
  model_event_.notify_all();
  source_->RequestStop();
  for (const auto& stage : stages_) stage->Close();
  publisher_.Close();
}

void Pipeline::Fail(const Status& status) {
  if (failed_.exchange(true)) return;
  listener_->OnFailed(status);
  Close();
}

void Pipeline::Stretch(TimePoint until) {
  for (const auto& stage : stages_) stage->queue().Stretch(kStretch, until);
}

Status Pipeline::SwapModel(std::shared_ptr<Model> model, std::optional<ModelChange>* change) {
  std::unique_lock<std::mutex> lock(model_mutex_);
  const auto cancelled = Status::Error(ErrorCode::kCancelled, "The pipeline stops");
  if (closing_) return cancelled;
  model_change_.reset();
  // Kept until the last frame that it worked on is gone, so that it is freed on this thread.
  const auto former = std::exchange(model_, model);
  const auto came = [&] { return model_change_ && model_change_->to == model->tag; };
  model_event_.wait_for(lock, options_.source.timeout,
                        [&] { return closing_ || came() || !FramesAreComing(); });
  if (came()) {
    *change = model_change_;
    return Status::Ok();
  }
  return closing_ ? cancelled : Status::Ok();
}

std::shared_ptr<Model> Pipeline::CurrentModel() {
  const std::lock_guard<std::mutex> lock(model_mutex_);
  return model_;
}

void Pipeline::OnModelChange(const ModelChange& change) {
  {
    const std::lock_guard<std::mutex> lock(model_mutex_);
    model_change_ = change;
  }
  model_event_.notify_all();
}

void Pipeline::OnEndOfStream() {
  drained_ = true;
  listener_->OnSource(SourceState::kEnded, Status::Ok());
  WakeSwap();
}

void Pipeline::WakeSwap() {
  // Taken and let go, so that nobody is between the test of the condition and the wait for it.
  { const std::lock_guard<std::mutex> lock(model_mutex_); }
  model_event_.notify_all();
}

bool Pipeline::FramesAreComing() const {
  const SourceState state = source_state_;
  return state == SourceState::kPlaying || (state == SourceState::kEnded && !drained_);
}

void Pipeline::OnPicture(FramePtr frame) {
  frame->result.index = next_index_++;
  decode_meter_.Add(frame->trace.WaitMs(StageId::kDecode), frame->trace.WorkMs(StageId::kDecode));
  stages_.front()->queue().Push(std::move(frame));
}

void Pipeline::OnSourceState(SourceState state, const Status& status) {
  source_state_ = state;
  WakeSwap();
  if (state != SourceState::kEnded) return listener_->OnSource(state, status);
  // Behind the last frame; the publisher tells.
  auto end = std::make_unique<Frame>();
  end->end_of_stream = true;
  stages_.front()->queue().Push(std::move(end));
}

Status Pipeline::Preprocess(Frame& frame) {
  SurfaceView view;
  const Status mapped = frame.surface->MapToHost(&view);
  if (!mapped.ok()) return mapped;
  frame.model = CurrentModel();
  frame.result.model = frame.model->tag;
  frame.tensor = tensors_.Take();
  frame.letterbox = frame.model->preprocessor.Run(view, frame.tensor.get());
  frame.surface.reset();
  return Status::Ok();
}

Status Pipeline::Detect(Frame& frame) {
  const float wanted = frame.model->min_score;
  const float min_score = options_.track ? std::min(kTrackerLowScore, wanted) : wanted;
  const Status status =
      frame.model->detector->Run(frame.tensor.get(), frame.letterbox, min_score, &frame.candidates);
  frame.tensor.reset();
  if (!status.ok()) return status;
  for (const Detection& candidate : frame.candidates) {
    if (candidate.score >= wanted) frame.result.detections.push_back(candidate);
  }
  return Status::Ok();
}

Status Pipeline::TrackObjects(Frame& frame) {
  if (frame.model != tracked_model_) {
    const std::map<int, int> labels = LabelMap(*tracked_model_->tag, *frame.model->tag);
    tracker_.Adopt(TrackerOptions(frame.model->min_score), labels);
    tracked_model_ = frame.model;
  }
  if (!(frame.result.size == tracked_size_)) tracker_.Forget();
  tracked_size_ = frame.result.size;
  frame.result.tracks = tracker_.Update(frame.result.pts_ms / 1000, frame.candidates);
  tracks_total_ = tracker_.tracks_total();
  return Status::Ok();
}

PipelineFigures Pipeline::TakeFigures() {
  PipelineFigures figures;
  const FrameLog::Levels decode = source_->log().TakeLevels();
  figures.stages.push_back({StageId::kDecode,
                            decode_meter_.Take(),
                            {decode.level, decode.max, kDecodeQueueCapacity, 0, 0}});
  for (const auto& stage : stages_) {
    figures.stages.push_back({stage->id(), stage->meter().Take(), stage->queue().TakeLevels()});
  }
  figures.stages.push_back(
      {StageId::kPublish, publisher_.meter().Take(), publisher_.queue().TakeLevels()});
  figures.tracks_total = tracks_total_;
  figures.source_state = source_state_;
  figures.reconnects = source_->reconnects();
  return figures;
}

}  // namespace jetfleet
