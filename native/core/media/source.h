#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "core/media/media_pipeline.h"
#include "core/media/source_meter.h"
#include "core/media/stall_watch.h"
#include "core/media/stream_clock.h"

namespace jetfleet {

enum class SourceState { kConnecting, kPlaying, kLost, kEnded };
const char* SourceStateName(SourceState state);

struct SourceOptions {
  std::string uri;
  /// Cameras that refuse it are read by the other one.
  Transport transport = Transport::kTcp;
  TlsTrust tls;
  /// Files: begin again at the end.
  bool loop = false;
  bool realtime = false;
  /// Of each step of the network.
  std::chrono::milliseconds timeout{5000};
  /// A camera that is silent for so long is lost. Nothing: by the interval its pictures have.
  std::optional<std::chrono::milliseconds> stall_timeout;
  /// A camera that sends pictures for so long, but none to begin with, is lost.
  std::chrono::milliseconds key_frame_timeout{20'000};
  /// Between two messages that keep a session alive.
  std::chrono::milliseconds keep_alive{10'000};
};

/// Keeps one source open: a live one is opened again, with growing pauses, whenever it is lost; a
/// file is read once or for ever. Callbacks come from the source's own threads.
class Source {
 public:
  struct Callbacks {
    std::function<void(FramePtr)> on_picture;
    /// The status says why, for lost sources, for connecting again, and for files that end too
    /// early; Ok otherwise.
    std::function<void(SourceState, const Status&)> on_state;
    /// A file cannot be read on; nothing more will come.
    std::function<void(const Status&)> on_failed;
    /// Once for each code and connection.
    std::function<void(const Status&)> on_warning;
  };

  Source(const SourceOptions& options, Callbacks callbacks);
  ~Source();
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  void Start();
  /// Asks the source to end; returns at once.
  void RequestStop();
  /// Waits until no callback can follow. May be called again.
  void Stop();

  bool live() const { return uri_.live; }
  SourceMeter& meter() { return meter_; }
  /// Times the source played again after it was lost.
  int reconnects() const;

 private:
  using Milliseconds = std::chrono::milliseconds;

  void Run();
  /// False when the source is through.
  bool RunFile(const Status& outcome);
  /// Opens and plays until the end of the stream (Ok), an error, or a stop (Ok).
  Status PlayOnce();
  Status AwaitEnd(MediaPipeline* pipeline);
  /// When silence ends this connection, and what it then means.
  std::pair<TimePoint, Status> Deadline(const MediaPipeline& pipeline) const;
  /// The other transport is worth a try at once.
  bool ChangeTransport(const Status& why);
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
  bool changed_transport_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  /// Outcome of the current connection, once it has ended.
  std::optional<Status> ended_;
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
