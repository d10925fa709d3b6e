#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/media/frame_log.h"
#include "core/media/media_pipeline.h"

namespace jetfleet {

enum class SourceState { kConnecting, kPlaying, kLost, kEnded };
const char* SourceStateName(SourceState state);

struct SourceOptions {
  std::string uri;
  Transport transport = Transport::kTcp;
  /// Files: begin again at the end.
  bool loop = false;
  bool realtime = false;
  std::chrono::milliseconds timeout{5000};
};

/// Keeps one source open: a live one is opened again, with growing pauses, whenever it is lost; a
/// file is read once or for ever. Callbacks come from the source's own threads.
class Source {
 public:
  struct Callbacks {
    MediaPipeline::OnPicture on_picture;
    /// The status says why, for lost sources and for connecting again; Ok otherwise.
    std::function<void(SourceState, const Status&)> on_state;
    /// A file cannot be read on; nothing more will come.
    std::function<void(const Status&)> on_failed;
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
  FrameLog& log() { return log_; }
  /// Times the source played again after it was lost.
  int reconnects() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;

  void Run();
  /// Opens and plays until the end of the stream (Ok), an error, or a stop (Ok).
  Status PlayOnce();
  Status AwaitEnd();
  /// False when stopping.
  bool Pause(Milliseconds pause);
  void OnPicture(FramePtr frame);
  void OnEnd(const Status& status);
  bool stopping() const;

  const SourceOptions options_;
  const SourceUri uri_;
  const Callbacks callbacks_;
  FrameLog log_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  /// Outcome of the current connection, once it has ended.
  std::optional<Status> ended_;
  Clock::time_point last_sign_of_life_;
  bool playing_ = false;
  bool played_before_ = false;
  int reconnects_ = 0;
  /// Makes presentation times grow across connections and rounds of a file.
  double pts_offset_ms_ = 0;
  double first_pts_ms_ = 0;
  double last_pts_ms_ = 0;
  double frame_gap_ms_ = 0;

  std::thread thread_;
};

}  // namespace jetfleet
