#include <algorithm>
#include <utility>

#include "core/media/source.h"
#include "core/pipeline.h"

namespace jetfleet {
namespace {

// Small, because what waits gets old. One frame in front of the batch that is ready takes up the
// jitter of the network.
constexpr std::size_t kLiveSlots = 1;
constexpr std::size_t kFileSlots = 2;
/// What was scaled is small (142 KiB of a picture of 16:9 for an input of 416×416). A decoder that
/// makes several pictures in a row has its caches warm: with 8, it took 0.1 ms more for each of
/// those of 768×432, with 32 no less.
constexpr std::size_t kScaledSlots = 16;

std::size_t PartsOf(const Branch& branch) {
  return branch.regions == nullptr ? 1 : branch.regions->size();
}

Status Cancelled() { return Status::Error(ErrorCode::kCancelled, "The pipeline stops"); }

}  // namespace

std::size_t PipelineSource::SlotsOf(const std::vector<PipelineSource>& sources) {
  std::size_t slots = 0;
  for (const PipelineSource& source : sources) {
    slots += std::max<std::size_t>(1, source.regions.size());
  }
  return slots;
}

std::size_t Pipeline::slots() const {
  std::size_t slots = 0;
  for (const Branches::Ref& branch : branches_.All()) slots += PartsOf(*branch);
  return slots;
}

SlotQueues::Limit Pipeline::LimitOf(const Branch& branch) const {
  const bool live = branch.overflow == Overflow::kDropOldest;
  return {live ? kLiveSlots : kFileSlots, branch.overflow, PartsOf(branch), kScaledSlots};
}

/// One live source among files decides, for it must not wait for them.
void Pipeline::NoteSources() {
  const std::vector<Branches::Ref> branches = branches_.All();
  const bool live = std::any_of(branches.begin(), branches.end(), [](const Branches::Ref& branch) {
    return branch->overflow == Overflow::kDropOldest;
  });
  all_files_ = !live;
}

Status Pipeline::AddSource(const PipelineSource& source) {
  const std::lock_guard<std::mutex> one_at_a_time(sources_mutex_);
  Branches::Ref branch;
  {
    // No model that takes pictures from elsewhere comes between.
    std::unique_lock<std::mutex> lock(mutex_);
    event_.wait(lock, [this] { return closing_ || batcher_->model() != nullptr; });
    if (closing_) return Cancelled();
    branch = MakeBranch(source, batcher_->model());
  }
  if (!branches_.Add(branch)) {
    const bool taken = branches_.Find(source.name) != nullptr;
    return Status::Error(ErrorCode::kUsage,
                         taken ? "Expected a source of another name but got a second " + source.name
                               : "Expected at most " + std::to_string(kMaxSources) +
                                     " sources but got one more, " + source.name);
  }
  NoteSources();
  batcher_->Open(branch->place, LimitOf(*branch));
  detect_meters_[branch->place].Take();
  branch->source->Start();
  // Whoever closes it may have looked before the source was there.
  if (!closing()) return Status::Ok();
  branch->source->RequestStop();
  branch->strand->Close();
  return Cancelled();
}

Status Pipeline::RemoveSource(const std::string& name) {
  const std::lock_guard<std::mutex> one_at_a_time(sources_mutex_);
  const Branches::Ref branch = branches_.Find(name);
  if (branch == nullptr || branches_.All().size() == 1) {
    return Status::Error(ErrorCode::kUsage,
                         branch == nullptr
                             ? "Expected the name of a source but got " + name
                             : "Expected another source beside " + name + ", which is to go");
  }
  branch->removing = true;
  branch->source->RequestStop();
  branch->source->Stop();
  Drain(branch.get());
  if (closing()) return Cancelled();
  Retire(branch.get());
  // A swap may have waited for its frames.
  Wake();
  FailIfNoneGoesOn();
  return Status::Ok();
}

/// Waits until all frames of a source that has stopped have left.
void Pipeline::Drain(Branch* branch) {
  if (!branch->end_sent) SendEnd(branch);
  std::unique_lock<std::mutex> lock(mutex_);
  event_.wait(lock, [&] { return closing_ || branch->drained; });
}

void Pipeline::Retire(Branch* branch) {
  const std::lock_guard<std::mutex> lock(figures_mutex_);
  // What it counted stays in the sums.
  dropped_formerly_ += TakeDecodeLevels(branch, branch->source->meter().drops.Get()).drops_total +
                       batcher_->TakeLevels(branch->place).drops_total +
                       branch->strand->queue().TakeLevels().drops_total;
  if (branch->tracking != nullptr) tracks_formerly_ += branch->tracking->tracks_total();
  AddAnalysed(branch, true, &analytics_formerly_);
  batcher_->Shut(branch->place);
  branches_.Remove(*branch);
  NoteSources();
}

bool Pipeline::Admits(Branch* branch) const {
  // A file's source waits, so that there is no load to shed.
  if (branch->overflow == Overflow::kBlock) return true;
  if (++branch->since_admitted < admit_every_) {
    branch->source->meter().drops.Add(DropReason::kBudget);
    return false;
  }
  branch->since_admitted = 0;
  return true;
}

void Pipeline::OnPicture(Branch* branch, FramePtr frame) {
  frame->result.source = branch->name;
  frame->result.id = {branch->place, branch->next_index++};
  if (!Admits(branch)) return;
  if (fan_out_.needs_surface() || !secondaries_.empty()) frame->picture = frame->surface;
  if (PartsOf(*branch) > 1) {
    frame->regions = branch->regions;
  } else if (branch->regions != nullptr) {
    PicturePart part = PartOf(*frame->surface, branch->regions->front());
    frame->surface = std::move(part.surface);
    frame->left = part.left;
    frame->top = part.top;
  }
  branch->decode_meter.Add(frame->trace.WaitMs(kDecodeStage), frame->trace.WorkMs(kDecodeStage));
  batcher_->Push(branch->place, std::move(frame));
  if (!batcher_->gate(branch->place).BecameBlind() || branch->removing) return;
  listener_->OnWarning(
      *branch->name,
      Status::Error(ErrorCode::kMotionUnavailable,
                    "Expected pictures that the CPU can read for detect.motion but the decoder "
                    "keeps them in memory that it cannot; every frame is detected"));
}

void Pipeline::SendEnd(Branch* branch) {
  branch->end_sent = true;
  auto end = std::make_unique<Frame>();
  end->end_of_stream = true;
  end->result.id.source = branch->place;
  batcher_->Push(branch->place, std::move(end));
}

void Pipeline::OnSourceState(Branch* branch, SourceState state, const Status& status) {
  branch->state = state;
  // A camera that let go of its connection after all.
  if (state == SourceState::kPlaying) branch->failed = false;
  Wake();
  if (branch->removing && state != SourceState::kEnded) return;
  if (state != SourceState::kEnded) return listener_->OnSource(*branch->name, state, status);
  // Behind the last frame; the sink tells.
  branch->end = status;
  SendEnd(branch);
}

void Pipeline::OnSourceFailed(Branch* branch, const Status& status) {
  {
    const std::lock_guard<std::mutex> lock(branch->failure_mutex);
    branch->failure = status;
  }
  branch->failed = true;
  if (AllThrough()) return Fail(status);
  branch->state = SourceState::kLost;
  if (!branch->removing) listener_->OnSource(*branch->name, SourceState::kLost, status);
  Wake();
}

bool Pipeline::AllThrough() const {
  const auto branches = branches_.All();
  return std::all_of(branches.begin(), branches.end(),
                     [](const Branches::Ref& branch) { return branch->failed || branch->drained; });
}

/// By the listener's sink, when what came in front of the end was handed over.
bool Pipeline::IsLastEnd(std::uint32_t source) const {
  const auto branches = branches_.All();
  return std::all_of(branches.begin(), branches.end(), [&](const Branches::Ref& branch) {
    return branch->place == source ? !branch->removing : branch->drained.load();
  });
}

void Pipeline::OnEndOfStream(std::uint32_t source) {
  const Branches::Ref branch = branches_.At(source);
  if (!branch->removing) listener_->OnSource(*branch->name, SourceState::kEnded, branch->end);
  branch->drained = true;
  Wake();
  if (!branch->removing) FailIfNoneGoesOn();
}

void Pipeline::FailIfNoneGoesOn() {
  const auto branches = branches_.All();
  const auto failed =
      std::find_if(branches.begin(), branches.end(),
                   [](const Branches::Ref& branch) { return branch->failed.load(); });
  if (failed == branches.end() || !AllThrough()) return;
  Status why;
  {
    const std::lock_guard<std::mutex> lock((*failed)->failure_mutex);
    why = (*failed)->failure;
  }
  Fail(why);
}

}  // namespace jetfleet
