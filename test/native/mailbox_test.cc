#include "binding/mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace jetfleet {
namespace {

FrameResult FrameOf(std::uint64_t index, std::size_t detections = 0) {
  static const auto kModel = std::make_shared<ModelTag>(ModelTag{"m", {"person"}});
  FrameResult frame;
  frame.model = kModel;
  frame.id.index = index;
  frame.detections.assign(detections, {{1, 2, 3, 4}, 0.5F, 0});
  return frame;
}

std::vector<FrameResult> Batch(std::uint64_t index) {
  std::vector<FrameResult> batch;
  batch.push_back(FrameOf(index));
  return batch;
}

/// Takes what there is and returns what the last statistics say was dropped at `place`.
std::size_t FramesIn(Mailbox* mailbox, std::string* stats = nullptr) {
  std::size_t frames = 0;
  Message message;
  while (mailbox->Take(&message)) {
    if (const auto* some = std::get_if<FramesMessage>(&message)) frames += some->frames;
    if (const auto* figures = std::get_if<StatsMessage>(&message); stats && figures) {
      *stats = figures->json;
    }
  }
  return frames;
}

TEST(Mailbox, KeepsTheNewestFramesAndTellsHowManyWent) {
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [] {});
  constexpr std::size_t kSent = Mailbox::kMaxFramesMessages + 10;
  for (std::size_t i = 0; i < kSent; ++i) mailbox.OnFrames(Batch(i));
  mailbox.OnStats({});
  std::string stats;
  EXPECT_EQ(FramesIn(&mailbox, &stats), Mailbox::kMaxFramesMessages);
  EXPECT_NE(stats.find(R"({"place":"runner","reason":"event-loop-late","total":10})"),
            std::string::npos)
      << stats;
}

TEST(Mailbox, KeepsOfSmallMessagesForAPipeWhatJavaScriptWouldNotWaitFor) {
  Mailbox mailbox("p", Mailbox::Reader::kPipe, [] {});
  constexpr std::size_t kSmall = 10 * Mailbox::kMaxFramesMessages;
  for (std::size_t i = 0; i < kSmall; ++i) mailbox.OnFrames(Batch(i));
  EXPECT_EQ(FramesIn(&mailbox), kSmall);

  for (std::size_t i = 0; i < kSmall; ++i) mailbox.OnFrames({FrameOf(i, 100)});
  std::size_t bytes = 0;
  std::size_t kept = 0;
  Message message;
  while (mailbox.Take(&message)) {
    bytes += std::get<FramesMessage>(message).json.size();
    ++kept;
  }
  EXPECT_LE(bytes, Mailbox::kMaxPipeBytes);
  EXPECT_GT(bytes, Mailbox::kMaxPipeBytes / 2);
  mailbox.OnFrames({FrameOf(kSmall, 20'000)});
  mailbox.OnStats({});
  std::string stats;
  EXPECT_EQ(FramesIn(&mailbox, &stats), 1U) << "one that is larger than all has its turn";
  const std::string dropped = R"("reason":"agent-late","total":)" + std::to_string(kSmall - kept);
  EXPECT_NE(stats.find(dropped), std::string::npos) << stats;
}

TEST(Mailbox, KeepsTheNewestEventsAndTellsHowManyWent) {
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [] {});
  constexpr std::size_t kSent = Mailbox::kMaxAnalyticsMessages + 10;
  for (std::size_t i = 0; i < kSent; ++i) mailbox.OnAnalytics(std::vector<AnalyticsEvent>(3));
  mailbox.OnStats({});
  std::size_t events = 0;
  std::string stats;
  Message message;
  while (mailbox.Take(&message)) {
    if (const auto* some = std::get_if<AnalyticsMessage>(&message)) events += some->events;
    if (const auto* figures = std::get_if<StatsMessage>(&message)) stats = figures->json;
  }
  EXPECT_EQ(events, 3 * Mailbox::kMaxAnalyticsMessages);
  EXPECT_NE(stats.find(R"({"place":"runner","reason":"events-late","total":30})"),
            std::string::npos)
      << stats;
}

TEST(Mailbox, PartsACrowdOfEventsIntoMessagesOfBoundedSize) {
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [] {});
  constexpr std::size_t kEvents = 5000;
  mailbox.OnAnalytics(std::vector<AnalyticsEvent>(kEvents));
  std::size_t events = 0;
  Message message;
  while (mailbox.Take(&message)) {
    const auto& part = std::get<AnalyticsMessage>(message);
    EXPECT_LE(part.json.size(), Mailbox::kMaxMessageBytes + 1024);
    events += part.events;
  }
  EXPECT_EQ(events, kEvents);
}

TEST(Mailbox, IsBoundedInMessagesOfEveryKind) {
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [] {});
  for (int i = 0; i < 1000; ++i) {
    mailbox.OnStats({});
    mailbox.OnSource("", SourceState::kLost, Status::Ok());
  }
  Message message;
  std::size_t count = 0;
  while (mailbox.Take(&message)) ++count;
  EXPECT_EQ(count, 2 * Mailbox::kMaxOtherMessages);
}

TEST(Mailbox, DropsNoStateForFrames) {
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [] {});
  mailbox.OnSource("", SourceState::kLost, Status::Ok());
  for (std::size_t i = 0; i < 1000; ++i) mailbox.OnFrames(Batch(i));
  Message message;
  ASSERT_TRUE(mailbox.Take(&message));
  EXPECT_TRUE(std::holds_alternative<SourceMessage>(message));
}

TEST(Mailbox, EndsAMessageThatGrowsTooLarge) {
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [] {});
  std::vector<FrameResult> batch;
  for (std::uint64_t i = 0; i < 20; ++i) batch.push_back(FrameOf(i, 1000));
  mailbox.OnFrames(std::move(batch));
  std::size_t messages = 0;
  std::size_t frames = 0;
  Message message;
  while (mailbox.Take(&message)) {
    const auto& some = std::get<FramesMessage>(message);
    EXPECT_LT(some.json.size(), 2 * Mailbox::kMaxMessageBytes);
    frames += some.frames;
    ++messages;
  }
  EXPECT_EQ(frames, 20U);
  EXPECT_GT(messages, 1U);
}

TEST(Mailbox, WritesIntoMemoryThatIsReturned) {
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [] {});
  Message message;
  const auto take = [&](std::uint64_t index) -> std::string& {
    mailbox.OnFrames(Batch(index));
    EXPECT_TRUE(mailbox.Take(&message));
    return std::get<FramesMessage>(message).json;
  };
  const std::string first = take(1);
  const char* const memory = take(1).data();
  mailbox.Return(&message);
  EXPECT_EQ(take(1), first);
  EXPECT_EQ(std::get<FramesMessage>(message).json.data(), memory);
  EXPECT_NE(take(2), first);
}

TEST(Mailbox, KeepsNoMoreMemoryThanItNeeds) {
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [] {});
  std::vector<Message> taken(2 * Mailbox::kMostKept);
  for (Message& message : taken) {
    mailbox.OnFrames(Batch(0));
    ASSERT_TRUE(mailbox.Take(&message));
  }
  std::size_t kept = 0;
  for (Message& message : taken) {
    mailbox.Return(&message);
    kept += std::get<FramesMessage>(message).json.empty() ? 1 : 0;
  }
  EXPECT_EQ(kept, Mailbox::kMostKept);
  FramesMessage large;
  large.json.resize(Mailbox::kMostKeptBytes + 1);
  Message message = std::move(large);
  Mailbox empty("p", Mailbox::Reader::kJavaScript, [] {});
  empty.Return(&message);
  EXPECT_FALSE(std::get<FramesMessage>(message).json.empty());
}

TEST(Mailbox, LosesAndInventsNothingBetweenThreads) {
  std::atomic<int> wakes{0};
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [&wakes] { ++wakes; });
  constexpr std::size_t kSent = 2000;
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    for (std::size_t i = 0; i < kSent; ++i) {
      mailbox.OnFrames(Batch(i));
      if (i % 16 == 0) mailbox.OnStats({});
    }
    mailbox.OnStats({});
    done = true;
  });
  std::thread source([&] {
    for (std::size_t i = 0; i < kSent; ++i) mailbox.OnSource("", SourceState::kLost, Status::Ok());
  });
  std::size_t frames = 0;
  std::string stats;
  while (!done) frames += FramesIn(&mailbox, &stats);
  publisher.join();
  source.join();
  frames += FramesIn(&mailbox, &stats);
  const std::string dropped = R"("reason":"event-loop-late","total":)";
  const std::size_t at = stats.find(dropped);
  const std::size_t told =
      at == std::string::npos ? 0 : std::stoul(stats.substr(at + dropped.size()));
  EXPECT_EQ(frames + told, kSent);
  EXPECT_GE(wakes, static_cast<int>(2 * kSent));
}

TEST(Mailbox, KeepsTheLastStateOfAQuietSource) {
  Mailbox mailbox("p", Mailbox::Reader::kJavaScript, [] {});
  mailbox.OnSource("door", SourceState::kPlaying, Status::Ok());
  for (int i = 0; i < 1000; ++i) mailbox.OnSource("gate", SourceState::kLost, Status::Ok());
  Message message;
  ASSERT_TRUE(mailbox.Take(&message));
  EXPECT_EQ(std::get<SourceMessage>(message).source, "door");
}

}  // namespace
}  // namespace jetfleet
