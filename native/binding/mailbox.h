#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "core/json/results.h"
#include "core/pipeline_stats.h"

namespace jetfleet {

/// Frames of one model, as a JSON array.
struct FramesMessage {
  std::shared_ptr<const ModelTag> model;
  std::size_t frames = 0;
  std::string json;
};
struct StatsMessage {
  std::string json;
};
struct SourceMessage {
  std::string source;
  SourceState state;
  Status error;
};
struct FailedMessage {
  Status error;
};
struct WarningMessage {
  std::string source;
  Status error;
};
/// Events of lines and zones, as a JSON array.
struct AnalyticsMessage {
  std::size_t events = 0;
  std::string json;
};
using Message = std::variant<FramesMessage, StatsMessage, SourceMessage, FailedMessage,
                             WarningMessage, AnalyticsMessage>;

/// What waits for JavaScript or for a pipe, as JSON already: the pipeline's threads write it, so
/// that the event loop need not. Never blocks the pipeline.
///
/// Bounded in every kind of message: when the reader does not keep up, the oldest message of the
/// kind goes. What went is counted, and statistics tell.
class Mailbox final : public PipelineListener {
 public:
  /// At 10 messages a second this is more than 6 seconds of a blocked event loop.
  static constexpr std::size_t kMaxFramesMessages = 64;
  /// Of frames for a pipe, however many messages these are: ten seconds of a camera that sees 30
  /// objects, for an agent that is short of processor time.
  static constexpr std::size_t kMaxPipeBytes = std::size_t{1024} * 1024;
  /// Statistics and states: the newest are those that matter, of states those of each source.
  static constexpr std::size_t kMaxOtherMessages = 32;
  /// Events are few, unless hundreds of objects cross lines at a time.
  static constexpr std::size_t kMaxAnalyticsMessages = 64;
  /// A message of frames or events ends with the one that exceeds this.
  static constexpr std::size_t kMaxMessageBytes = std::size_t{256} * 1024;
  /// Memory that is kept: that of so many messages, each of no more than this.
  static constexpr std::size_t kMostKept = 4;
  static constexpr std::size_t kMostKeptBytes = std::size_t{64} * 1024;

  /// Who is late when something is dropped.
  enum class Reader { kJavaScript, kPipe };

  /// Messages carry the name of the pipeline. `wake` is called after each message, from the
  /// pipeline's threads.
  Mailbox(std::string pipeline, Reader reader, std::function<void()> wake)
      : pipeline_(std::move(pipeline)), reader_(reader), wake_(std::move(wake)) {}

  void OnFrames(std::vector<FrameResult> frames) override;
  void OnStats(PipelineReport report) override;
  void OnSource(const std::string& source, SourceState state, const Status& status) override;
  void OnFailed(const Status& status) override;
  void OnWarning(const std::string& source, const Status& warning) override;
  void OnAnalytics(const std::vector<AnalyticsEvent>& events) override;

  /// False when empty.
  bool Take(Message* message);
  /// What was taken and is done with: frames that come are written into its memory. Without it the
  /// memory of each message would be got by one thread and freed by another.
  void Return(Message* message);
  bool empty();

 private:
  std::string TakeMemory();
  void Put(Message message);
  /// No room for another like it.
  bool FullFor(const Message& message) const;
  void DropOldestLike(const Message& message);
  std::vector<DropCount> Drops();

  const std::string pipeline_;
  const Reader reader_;
  const std::function<void()> wake_;
  /// For frames, which one thread brings at a time.
  FrameWriter writer_;
  std::mutex mutex_;
  std::deque<Message> messages_;
  /// Of messages that were returned.
  std::vector<std::string> memories_;
  /// By index of the variant.
  std::array<std::size_t, std::variant_size_v<Message>> waiting_{};
  /// JSON of the frames among them.
  std::size_t frame_bytes_ = 0;
  std::uint64_t frames_dropped_ = 0;
  std::uint64_t events_dropped_ = 0;
  std::uint64_t others_dropped_ = 0;
  /// Detections and tracks that JSON cannot hold.
  std::uint64_t left_out_ = 0;
};

}  // namespace jetfleet
