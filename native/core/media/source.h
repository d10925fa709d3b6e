#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "core/media/frame_source.h"
#include "core/media/media_pipeline.h"
#include "core/media/source_meter.h"
#include "core/media/stall_watch.h"
#include "core/media/stream_clock.h"

namespace jetfleet {

/// Keeps one source open: a live one is opened again, with growing pauses, whenever it is lost; a
/// file is read once or for ever.
class Source final : public FrameSource {
 public:
  Source(const SourceOptions& options, Callbacks callbacks);
  ~Source() override;

  void Start() override;
  void RequestStop() override;
  void Stop() override;

  bool live() const override { return uri_.live; }
  SourceMeter& meter() override { return meter_; }
  int reconnects() const override;

 private:
  using Milliseconds = std::chrono::milliseconds;

  void Run();
  /// False when the source is through.
  bool RunFile(const Status& outcome);
  /// Opens and plays until the end of the stream (Ok), an error, or a stop (Ok).
  Status PlayOnce();
  Status AwaitEnd(MediaPipeline* pipeline);
  /// What the connection has not read is not wanted any more, or read again.
  bool EndedOnPurpose() const;
  /// Fails the source when a camera does not let its connection be closed in time.
  void Close(std::unique_ptr<MediaPipeline> pipeline, const Status& why);
  /// When silence ends this connection, and what it then means.
  std::pair<TimePoint, Status> Deadline(const MediaPipeline& pipeline) const;
  /// The other transport is worth a try at once.
  bool ChangeTransport(const Status& why);
  /// The same, and there is nothing to tell: nobody asked for the one that was refused.
  bool GoesOverUnasked(const Status& why);
  /// There is a track, but of another codec than the one that was asked for.
  bool ChangeCodec();
  /// Pictures stay in the decoder no more, where they turned out to be none that can.
  bool LeaveNvmm(const Status& why);
  /// False when stopping.
  bool Pause(Milliseconds pause);
  void OnPicture(FramePtr frame);
  void OnCoded();
  void OnEnd(const Status& status);
  void OnWarning(const Status& warning);
  bool stopping() const;

  const SourceOptions options_;
  const SourceUri uri_;
  const Callbacks callbacks_;
  SourceMeter meter_;
  Transport transport_;
  std::shared_ptr<const NvmmPictures> nvmm_;
  bool changed_transport_ = false;
  /// Since the source was last told of.
  bool went_over_ = false;
  const CodecRow* codec_;
  bool changed_codec_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  /// Outcome of the current connection, once it has ended.
  std::optional<Status> ended_;
  /// What the current connection could be read as instead.
  const CodecRow* other_codec_ = nullptr;
  /// Its pictures cannot stay in the decoder.
  bool other_memory_ = false;
  TimePoint opened_;
  TimePoint last_coded_;
  TimePoint last_picture_;
  bool coded_ = false;
  bool playing_ = false;
  bool played_before_ = false;
  int reconnects_ = 0;
  StallWatch stall_;
  StreamClock clock_;
  std::set<ErrorCode> warned_;

  std::thread thread_;
};

}  // namespace jetfleet
