#include "binding/mailbox.h"

#include <algorithm>
#include <utility>

#include "core/json/analytics.h"

namespace jetfleet {

void Mailbox::OnFrames(std::vector<FrameResult> frames) {
  for (std::size_t first = 0; first < frames.size();) {
    FramesMessage message;
    message.model = frames[first].model;
    JsonText json(TakeMemory());
    std::size_t left_out = 0;
    json.BeginArray();
    for (; first < frames.size() && json.size() < kMaxMessageBytes; ++first) {
      left_out += writer_.Write(frames[first], &json);
      ++message.frames;
    }
    json.EndArray();
    message.json = json.Take();
    if (left_out > 0) {
      const std::lock_guard<std::mutex> lock(mutex_);
      left_out_ += left_out;
    }
    Put(std::move(message));
  }
}

void Mailbox::OnStats(PipelineReport report) {
  JsonText json;
  std::vector<DropCount> drops = Drops();
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    std::uint64_t total = 0;
    for (const SourceFigures& source : report.figures.sources) total += source.drops.at(i);
    drops.push_back({"decode", DropReasonName(static_cast<DropReason>(i)), total});
  }
  if (const auto& analytics = report.figures.analytics) {
    drops.push_back({"analytics", "objects-too-many", analytics->objects_cut});
    drops.push_back({"analytics", "visits-too-many", analytics->visits_cut});
  }
  WriteStats(report, pipeline_, drops, &json);
  Put(StatsMessage{json.Take()});
}

void Mailbox::OnSource(const std::string& source, SourceState state, const Status& status) {
  Put(SourceMessage{source, state, status});
}

void Mailbox::OnFailed(const Status& status) { Put(FailedMessage{status}); }

void Mailbox::OnWarning(const std::string& source, const Status& warning) {
  Put(WarningMessage{source, warning});
}

void Mailbox::OnAnalytics(const std::vector<AnalyticsEvent>& events) {
  for (std::size_t first = 0; first < events.size();) {
    AnalyticsMessage message;
    JsonText json;
    json.BeginArray();
    for (; first < events.size() && json.size() < kMaxMessageBytes; ++first) {
      WriteEvent(events[first], &json);
      ++message.events;
    }
    json.EndArray();
    message.json = json.Take();
    Put(std::move(message));
  }
}

bool Mailbox::Take(Message* message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (messages_.empty()) return false;
  *message = std::move(messages_.front());
  messages_.pop_front();
  if (const auto* frames = std::get_if<FramesMessage>(message)) frame_bytes_ -= frames->json.size();
  --waiting_.at(message->index());
  return true;
}

std::string Mailbox::TakeMemory() {
  std::string memory;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (memories_.empty()) return memory;
  memory = std::move(memories_.back());
  memories_.pop_back();
  return memory;
}

void Mailbox::Return(Message* message) {
  auto* const frames = std::get_if<FramesMessage>(message);
  if (frames == nullptr || frames->json.capacity() > kMostKeptBytes) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (memories_.size() < kMostKept) memories_.push_back(std::move(frames->json));
}

bool Mailbox::empty() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return messages_.empty();
}

void Mailbox::Put(Message message) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (FullFor(message)) DropOldestLike(message);
    ++waiting_.at(message.index());
    if (const auto* frames = std::get_if<FramesMessage>(&message)) {
      frame_bytes_ += frames->json.size();
    }
    messages_.push_back(std::move(message));
  }
  wake_();
}

bool Mailbox::FullFor(const Message& message) const {
  const std::size_t waiting = waiting_.at(message.index());
  if (const auto* frames = std::get_if<FramesMessage>(&message)) {
    if (reader_ == Reader::kJavaScript) return waiting >= kMaxFramesMessages;
    return waiting > 0 && frame_bytes_ + frames->json.size() > kMaxPipeBytes;
  }
  const bool events = std::holds_alternative<AnalyticsMessage>(message);
  return waiting >= (events ? kMaxAnalyticsMessages : kMaxOtherMessages);
}

void Mailbox::DropOldestLike(const Message& message) {
  const auto is_like = [&](const Message& other) { return other.index() == message.index(); };
  // The last state of a quiet source must not go for the many of one that comes and goes.
  const auto is_of_source = [&](const Message& other) {
    const auto* const mine = std::get_if<SourceMessage>(&message);
    const auto* const theirs = std::get_if<SourceMessage>(&other);
    return mine != nullptr && theirs != nullptr && mine->source == theirs->source;
  };
  auto oldest = std::find_if(messages_.begin(), messages_.end(), is_of_source);
  if (oldest == messages_.end()) {
    oldest = std::find_if(messages_.begin(), messages_.end(), is_like);
  }
  if (const auto* frames = std::get_if<FramesMessage>(&*oldest)) {
    frames_dropped_ += frames->frames;
    frame_bytes_ -= frames->json.size();
  } else if (const auto* analytics = std::get_if<AnalyticsMessage>(&*oldest)) {
    events_dropped_ += analytics->events;
  } else {
    ++others_dropped_;
  }
  messages_.erase(oldest);
  --waiting_.at(message.index());
}

std::vector<DropCount> Mailbox::Drops() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool pipe = reader_ == Reader::kPipe;
  return {{"runner", pipe ? "agent-late" : "event-loop-late", frames_dropped_},
          {"runner", pipe ? "agent-late-events" : "events-late", events_dropped_},
          {"runner", pipe ? "agent-late-messages" : "messages-late", others_dropped_},
          {"publish", "not-a-number", left_out_}};
}

}  // namespace jetfleet
