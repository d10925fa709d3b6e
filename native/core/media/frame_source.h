#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/frame.h"
#include "core/media/head.h"
#include "core/media/nvmm.h"
#include "core/media/source_meter.h"
#include "core/media/source_uri.h"
#include "core/status.h"

namespace jetfleet {

enum class SourceState { kConnecting, kPlaying, kLost, kEnded };
const char* SourceStateName(SourceState state);

/// How a camera is asked to send its packets. One that refuses the first is read by the other.
enum class TransportChoice {
  /// TCP first. A refusal is nothing to tell of, for nobody asked for it.
  kAuto,
  kTcp,
  kUdp,
};

struct SourceOptions {
  std::string uri;
  TransportChoice transport = TransportChoice::kAuto;
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
  /// Pictures may stay in a Jetson's decoder, for whoever takes frames reads them there; null: they
  /// are brought to where the CPU reads them.
  std::shared_ptr<const NvmmPictures> nvmm;
};

/// Where frames come from. Callbacks come from the source's own threads.
class FrameSource {
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

  virtual ~FrameSource() = default;
  FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;

  virtual void Start() = 0;
  /// Asks the source to end; returns at once.
  virtual void RequestStop() = 0;
  /// Waits until no callback can follow. May be called again.
  virtual void Stop() = 0;

  virtual bool live() const = 0;
  virtual SourceMeter& meter() = 0;
  /// Times the source played again after it was lost.
  virtual int reconnects() const = 0;
};

using MakeSource =
    std::function<std::unique_ptr<FrameSource>(const SourceOptions&, FrameSource::Callbacks)>;

}  // namespace jetfleet
