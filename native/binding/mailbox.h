#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <variant>
#include <vector>

#include "core/pipeline_stats.h"

namespace jetfleet {

struct FramesMessage {
  std::vector<FrameResult> frames;
};
struct StatsMessage {
  PipelineReport report;
  /// `frames` messages thrown away so far.
  std::size_t messages_dropped = 0;
};
struct SourceMessage {
  SourceState state;
  Status error;
};
struct FailedMessage {
  Status error;
};
using Message = std::variant<FramesMessage, StatsMessage, SourceMessage, FailedMessage>;

/// What waits for JavaScript. Bounded: when JavaScript does not keep up, the oldest `frames`
/// message goes and is counted; all other messages are few and are kept. Never blocks the pipeline.
class Mailbox final : public PipelineListener {
 public:
  /// At 10 messages a second this is more than 6 seconds of a blocked event loop.
  static constexpr std::size_t kMaxFramesMessages = 64;

  /// `wake` is called after each message, from the pipeline's threads.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void OnFrames(std::vector<FrameResult> frames) override;
  void OnStats(PipelineReport report) override;
  void OnSource(SourceState state, const Status& status) override;
  void OnFailed(const Status& status) override;

  /// False when empty.
  bool Take(Message* message);

 private:
  void Put(Message message);
  void DropOldestFrames();

  const std::function<void()> wake_;
  std::mutex mutex_;
  std::deque<Message> messages_;
  std::size_t frames_messages_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace jetfleet
