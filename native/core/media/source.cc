#include "core/media/source.h"

#include <algorithm>
#include <utility>

#include "core/graph/thread_name.h"

namespace jetfleet {
namespace {

constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{10'000};

}  // namespace

const char* SourceStateName(SourceState state) {
  switch (state) {
    case SourceState::kConnecting:
      return "connecting";
    case SourceState::kPlaying:
      return "playing";
    case SourceState::kLost:
      return "lost";
    case SourceState::kEnded:
      return "ended";
  }
  return "lost";
}

Source::Source(const SourceOptions& options, Callbacks callbacks)
    : options_(options), uri_(SourceUri::Parse(options.uri)), callbacks_(std::move(callbacks)) {}

Source::~Source() { Stop(); }

void Source::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Source::RequestStop() {
  std::lock_guard<std::mutex> lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void Source::Stop() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
}

int Source::reconnects() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return reconnects_;
}

bool Source::stopping() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

void Source::Run() {
  NameThisThread("jf-source");
  Milliseconds pause = kFirstPause;
  Status why = Status::Ok();
  while (!stopping()) {
    // The rounds of a looped file are one source that plays.
    if (uri_.live || !played_before_) callbacks_.on_state(SourceState::kConnecting, why);
    why = PlayOnce();
    if (stopping()) return;
    if (!uri_.live) {
      if (!why.ok()) return callbacks_.on_failed(why);
      if (!options_.loop) return callbacks_.on_state(SourceState::kEnded, Status::Ok());
      continue;
    }
    if (why.ok()) {
      why = Status::Error(ErrorCode::kSourceUnreachable,
                          "The source " + uri_.shown + " ended its stream");
    }
    callbacks_.on_state(SourceState::kLost, why);
    if (playing_) pause = kFirstPause;
    if (!Pause(pause)) return;
    pause = std::min(pause * 2, kLongestPause);
  }
}

Status Source::PlayOnce() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ended_.reset();
    playing_ = false;
    last_sign_of_life_ = Clock::now();
  }
  log_.Clear();
  std::unique_ptr<MediaPipeline> pipeline;
  const Status opened = MediaPipeline::Open(
      {uri_, options_.transport, options_.realtime && !uri_.live, options_.timeout}, &log_,
      [this](FramePtr frame) { OnPicture(std::move(frame)); },
      [this](const Status& status) { OnEnd(status); }, &pipeline);
  if (!opened.ok()) return opened;
  return AwaitEnd();
}

Status Source::AwaitEnd() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_ && !ended_) {
    if (!uri_.live) {
      // A file may be held up by the stages for as long as they like.
      changed_.wait(lock);
      continue;
    }
    const auto deadline = last_sign_of_life_ + options_.timeout;
    if (Clock::now() >= deadline) {
      return Status::Error(ErrorCode::kSourceUnreachable,
                           "The source " + uri_.shown + " sent no picture for " +
                               std::to_string(options_.timeout.count()) + " ms");
    }
    changed_.wait_until(lock, deadline);
  }
  if (stopping_) return Status::Ok();
  if (ended_->ok() && !playing_) {
    return Status::Error(ErrorCode::kSourceFormat,
                         "Expected H.264 video but got no picture from " + uri_.shown);
  }
  return *ended_;
}

bool Source::Pause(Milliseconds pause) {
  std::unique_lock<std::mutex> lock(mutex_);
  return !changed_.wait_for(lock, pause, [this] { return stopping_; });
}

void Source::OnEnd(const Status& status) {
  std::lock_guard<std::mutex> lock(mutex_);
  // The first message is the cause, later ones are its consequences.
  if (!ended_) ended_ = status;
  changed_.notify_all();
}

void Source::OnPicture(FramePtr frame) {
  bool tell = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    last_sign_of_life_ = Clock::now();
    double pts_ms = frame->result.pts_ms;
    const bool first = !playing_;
    if (first) {
      tell = uri_.live || !played_before_;
      playing_ = true;
      first_pts_ms_ = pts_ms;
      if (played_before_) pts_offset_ms_ = last_pts_ms_ + frame_gap_ms_;
      if (played_before_ && uri_.live) ++reconnects_;
      played_before_ = true;
    }
    pts_ms += pts_offset_ms_ - first_pts_ms_;
    if (!first) frame_gap_ms_ = pts_ms - last_pts_ms_;
    last_pts_ms_ = pts_ms;
    frame->result.pts_ms = pts_ms;
  }
  if (tell) callbacks_.on_state(SourceState::kPlaying, Status::Ok());
  callbacks_.on_picture(std::move(frame));
}

}  // namespace jetfleet
