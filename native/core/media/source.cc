#include "core/media/source.h"

#include <algorithm>
#include <future>
#include <utility>

#include "core/graph/thread_name.h"
#include "core/media/device_head.h"
#include "core/media/rtsp_cause.h"
#include "core/media/source_address.h"

namespace jetfleet {
namespace {

constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{10'000};
/// Damaged files make demuxers look for ever, and parsebin may swallow their errors; so many times
/// the patience of one step is enough.
constexpr int kFileSteps = 4;

std::string Seconds(Clock::duration duration) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

const char* TransportName(Transport transport) {
  return transport == Transport::kTcp ? "tcp" : "udp";
}

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
    : options_(options),
      uri_(SourceUri::Parse(options.uri)),
      callbacks_(std::move(callbacks)),
      transport_(options.transport == TransportChoice::kUdp ? Transport::kUdp : Transport::kTcp),
      nvmm_(options.nvmm),
      codec_(&CodecOf(uri_)),
      stall_(options.stall_timeout, options.timeout),
      clock_(uri_.live) {
  if (uri_.kind == SourceKind::kRtsp) meter_.SetTransport(TransportName(transport_));
}

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
    const bool tells = (uri_.live || !played_before_) && !changed_codec_ && !went_over_;
    went_over_ = false;
    if (tells) callbacks_.on_state(SourceState::kConnecting, why);
    why = PlayOnce();
    if (stopping()) return;
    if (ChangeCodec()) continue;
    if (LeaveNvmm(why)) continue;
    if (!uri_.live) {
      if (RunFile(why)) continue;
      return;
    }
    if (why.ok()) {
      why = Status::Error(ErrorCode::kSourceUnreachable,
                          "The source " + uri_.shown + " ended its stream");
    }
    if (GoesOverUnasked(why)) continue;
    callbacks_.on_state(SourceState::kLost, why);
    if (playing_) pause = kFirstPause;
    if (ChangeTransport(why)) continue;
    if (!Pause(pause)) return;
    pause = std::min(pause * 2, kLongestPause);
  }
}

bool Source::LeaveNvmm(const Status& why) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (nvmm_ == nullptr || !other_memory_) return false;
  }
  nvmm_.reset();
  callbacks_.on_warning(
      Status::Error(why.code, why.message + "; they are copied to the host's memory"));
  return true;
}

/// What a source sends is known when it is asked, and the way to its pictures is made for one
/// codec; that one is asked for at once from then on.
bool Source::ChangeCodec() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (other_codec_ == nullptr || changed_codec_) {
    changed_codec_ = false;
    return false;
  }
  codec_ = other_codec_;
  changed_codec_ = true;
  return true;
}

bool Source::RunFile(const Status& outcome) {
  // Frames that are finished are kept, so a file that ends too early ends and does not fail.
  const bool early = !outcome.ok() && playing_;
  if (!outcome.ok() && !early) {
    callbacks_.on_failed(outcome);
    return false;
  }
  if (options_.loop) {
    if (early) OnWarning(outcome);
    return true;
  }
  callbacks_.on_state(SourceState::kEnded, outcome);
  return false;
}

bool Source::ChangeTransport(const Status& why) {
  const bool refused =
      why.code == ErrorCode::kSourceTransport || why.code == ErrorCode::kSourceUdpBlocked;
  if (!refused) {
    changed_transport_ = false;
    return false;
  }
  transport_ = transport_ == Transport::kTcp ? Transport::kUdp : Transport::kTcp;
  meter_.SetTransport(TransportName(transport_));
  // The second refusal in a row waits like any other failure.
  return !std::exchange(changed_transport_, true);
}

bool Source::GoesOverUnasked(const Status& why) {
  went_over_ =
      options_.transport == TransportChoice::kAuto && !changed_transport_ && ChangeTransport(why);
  return went_over_;
}

Status Source::PlayOnce() {
  const Status judged = CheckAddress(options_.uri);
  if (!judged.ok()) return judged;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ended_.reset();
    other_codec_ = nullptr;
    other_memory_ = false;
    playing_ = coded_ = false;
    opened_ = last_coded_ = last_picture_ = Clock::now();
    stall_.Connected();
    clock_.Restart();
    warned_.clear();
  }
  std::unique_ptr<MediaPipeline> pipeline;
  const Status opened =
      MediaPipeline::Open({uri_, codec_, transport_, options_.tls, options_.realtime && !uri_.live,
                           options_.timeout, nvmm_},
                          &meter_,
                          {[this](FramePtr frame) { OnPicture(std::move(frame)); },
                           [this] { OnCoded(); }, [this](const Status& status) { OnEnd(status); },
                           [this](const Status& warning) { OnWarning(warning); },
                           [this](const CodecRow& codec) {
                             const std::lock_guard<std::mutex> lock(mutex_);
                             other_codec_ = &codec;
                           },
                           [this] {
                             const std::lock_guard<std::mutex> lock(mutex_);
                             other_memory_ = true;
                           }},
                          &pipeline);
  if (!opened.ok()) return opened;
  const Status outcome = AwaitEnd(pipeline.get());
  if (!EndedOnPurpose()) pipeline->CountWhatIsLeft(outcome);
  Close(std::move(pipeline), outcome);
  return outcome.code == ErrorCode::kSourceAuth
             ? ExplainRefusal(uri_, options_.tls, options_.timeout, outcome)
             : outcome;
}

bool Source::EndedOnPurpose() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_ || other_memory_;
}

/// Every byte that comes gives rtspsrc's receiving thread the whole timeout anew, and closing waits
/// for that thread: a camera that drips could hold it for ever. Only the end of the process helps.
void Source::Close(std::unique_ptr<MediaPipeline> pipeline, const Status& why) {
  std::promise<void> closing;
  const std::future<void> closed = closing.get_future();
  std::thread closer([&] {
    NameThisThread("jf-close");
    pipeline.reset();
    closing.set_value();
  });
  if (uri_.live && closed.wait_for(options_.timeout) == std::future_status::timeout &&
      !stopping()) {
    callbacks_.on_failed(Status::Error(
        why.ok() ? ErrorCode::kSourceUnreachable : why.code,
        (why.ok() ? "The source " + uri_.shown + " ended its stream" : why.message) +
            ", and then kept its connection from being closed for " + Seconds(options_.timeout)));
  }
  closer.join();
}

std::pair<TimePoint, Status> Source::Deadline(const MediaPipeline& pipeline) const {
  const Head& head = pipeline.head();
  const std::string who = "The source " + uri_.shown;
  if (!head.plays() && !coded_) {
    return {opened_ + options_.timeout,
            Status::Error(ErrorCode::kSourceUnreachable,
                          who + " did not answer within " + Seconds(options_.timeout))};
  }
  if (!head.receives() && transport_ == Transport::kUdp) {
    return {
        opened_ + options_.timeout,
        Status::Error(ErrorCode::kSourceUdpBlocked,
                      who + " plays over UDP but no packet came for " + Seconds(options_.timeout))};
  }
  const Clock::duration patience = stall_.Patience();
  std::pair<TimePoint, Status> silence{
      last_coded_ + patience,
      Status::Error(ErrorCode::kSourceSilent, who + " sent no picture for " + Seconds(patience))};
  const TimePoint whole =
      last_picture_ + std::max<Clock::duration>(options_.key_frame_timeout, patience);
  if (!coded_ || silence.first <= whole) return silence;
  return {whole, Status::Error(ErrorCode::kSourceNoKeyFrame,
                               who + " sends pictures but no key picture to begin with, for " +
                                   Seconds(whole - last_picture_))};
}

Status Source::AwaitEnd(MediaPipeline* pipeline) {
  std::unique_lock<std::mutex> lock(mutex_);
  TimePoint keep_alive = Clock::now() + options_.keep_alive;
  while (!stopping_ && !ended_) {
    if (!uri_.live) {
      // Held up by the stages it may be for as long as they like, once there is a picture.
      const TimePoint begun = opened_ + kFileSteps * options_.timeout;
      if (coded_) {
        changed_.wait(lock);
      } else if (changed_.wait_until(lock, begun) == std::cv_status::timeout && !coded_ &&
                 !ended_) {
        return Status::Error(ErrorCode::kSourceFormat, "Expected video but found none in " +
                                                           uri_.shown + " within " +
                                                           Seconds(kFileSteps * options_.timeout));
      }
      continue;
    }
    const auto [deadline, silence] = Deadline(*pipeline);
    const TimePoint now = Clock::now();
    if (now >= deadline) return silence;
    if (now >= keep_alive) {
      keep_alive = now + options_.keep_alive;
      lock.unlock();
      pipeline->KeepAlive();
      lock.lock();
      continue;
    }
    // What a head reports moves deadlines without waking this thread.
    changed_.wait_until(lock, std::min({deadline, keep_alive, now + Milliseconds(100)}));
  }
  if (stopping_) return Status::Ok();
  if (ended_->ok() && !playing_) {
    return Status::Error(
        coded_ ? ErrorCode::kSourceNoKeyFrame : ErrorCode::kSourceFormat,
        coded_ ? "Expected a key picture to begin with but " + uri_.shown + " has none"
               : "Expected video but got no picture from " + uri_.shown);
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

void Source::OnWarning(const Status& warning) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!warned_.insert(warning.code).second) return;
  }
  callbacks_.on_warning(warning);
}

void Source::OnCoded() {
  std::lock_guard<std::mutex> lock(mutex_);
  last_coded_ = Clock::now();
  if (!std::exchange(coded_, true)) changed_.notify_all();
  stall_.Coded(last_coded_);
}

void Source::OnPicture(FramePtr frame) {
  bool tell = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    last_picture_ = Clock::now();
    if (!playing_) {
      tell = uri_.live || !played_before_;
      playing_ = true;
      if (played_before_ && uri_.live) ++reconnects_;
      played_before_ = true;
    }
    frame->result.pts_ms = clock_.Add(frame->result.pts_ms, frame->trace.arrival());
  }
  if (tell) callbacks_.on_state(SourceState::kPlaying, Status::Ok());
  callbacks_.on_picture(std::move(frame));
}

}  // namespace jetfleet
