#include "binding/mailbox.h"

#include <algorithm>
#include <utility>

namespace jetfleet {

void Mailbox::OnFrames(std::vector<FrameResult> frames) { Put(FramesMessage{std::move(frames)}); }

void Mailbox::OnStats(PipelineReport report) { Put(StatsMessage{std::move(report)}); }

void Mailbox::OnSource(SourceState state, const Status& status) {
  Put(SourceMessage{state, status});
}

void Mailbox::OnFailed(const Status& status) { Put(FailedMessage{status}); }

bool Mailbox::Take(Message* message) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (messages_.empty()) return false;
  *message = std::move(messages_.front());
  messages_.pop_front();
  if (std::holds_alternative<FramesMessage>(*message)) --frames_messages_;
  if (auto* stats = std::get_if<StatsMessage>(message)) stats->messages_dropped = dropped_;
  return true;
}

void Mailbox::Put(Message message) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (std::holds_alternative<FramesMessage>(message)) {
      if (frames_messages_ == kMaxFramesMessages) DropOldestFrames();
      ++frames_messages_;
    }
    messages_.push_back(std::move(message));
  }
  wake_();
}

void Mailbox::DropOldestFrames() {
  const auto oldest = std::find_if(messages_.begin(), messages_.end(), [](const Message& message) {
    return std::holds_alternative<FramesMessage>(message);
  });
  messages_.erase(oldest);
  --frames_messages_;
  ++dropped_;
}

}  // namespace jetfleet
