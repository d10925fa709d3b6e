#include "binding/result_pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace jetfleet {
namespace {

using std::chrono::milliseconds;

/// What was read of a pipe, as the agent takes it apart.
struct Told {
  int type = 0;
  std::string id;
  std::size_t frames = 0;
  std::string json;
};

/// A mailbox whose messages go through a socket, as Node makes one for a child's pipe.
class ResultPipeTest : public testing::Test {
 protected:
  static constexpr int kSmall = 4096;

  void SetUp() override {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    reader_ = ends[0];
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &kSmall, sizeof kSmall);
    const int fd = ResultPipe::Open(ends[1]);
    ASSERT_GE(fd, 0);
    close(ends[1]);
    pipe_ = std::make_unique<ResultPipe>(fd, &mailbox_);
  }
  void TearDown() override { HangUp(); }

  void HangUp() {
    if (reader_ >= 0) close(reader_);
    reader_ = -1;
  }

  void Send(std::uint64_t index, std::size_t detections = 0) {
    static const auto kModel = std::make_shared<ModelTag>(ModelTag{"m", {"person"}});
    std::vector<FrameResult> frames(1);
    frames[0].model = kModel;
    frames[0].id.index = index;
    frames[0].detections.assign(detections, {{1, 2, 3, 4}, 0.5F, 0});
    mailbox_.OnFrames(std::move(frames));
  }

  std::string Bytes(std::size_t count) const {
    std::string bytes(count, '\0');
    for (std::size_t at = 0; at < count;) {
      const ssize_t got = read(reader_, bytes.data() + at, count - at);
      if (got <= 0) return "";
      at += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  Told Read() const {
    const std::string head = Bytes(8);
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(head.at(i)); };
    const std::size_t body = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
    const std::string id = Bytes(byte(5));
    return {byte(4), id, static_cast<std::size_t>(byte(6) | byte(7) << 8), Bytes(body - id.size())};
  }

  Mailbox mailbox_{"p", Mailbox::Reader::kPipe, [this] { pipe_->Wake(); }};
  std::unique_ptr<ResultPipe> pipe_;
  int reader_ = -1;
};

TEST_F(ResultPipeTest, TellsEveryKindOfMessageInItsOrder) {
  Send(7);
  mailbox_.OnSource("door", SourceState::kLost,
                    Status::Error(ErrorCode::kSourceUnreachable, "no \"answer\"\n"));
  mailbox_.OnSource("", SourceState::kPlaying, Status::Ok());
  mailbox_.OnWarning("gate", Status::Error(ErrorCode::kSourceLoss, "lost"));
  mailbox_.OnStats({});
  mailbox_.OnAnalytics(std::vector<AnalyticsEvent>(3));
  mailbox_.OnFailed(Status::Error(ErrorCode::kInternal, "broken"));

  const Told frames = Read();
  EXPECT_EQ(frames.type, 0);
  EXPECT_EQ(frames.id, "m");
  EXPECT_EQ(frames.frames, 1U);
  EXPECT_NE(frames.json.find(R"("index":7)"), std::string::npos) << frames.json;
  const Told lost = Read();
  EXPECT_EQ(lost.type, 2);
  EXPECT_EQ(lost.json, R"({"type":"source","source":"door","state":"lost",)"
                       R"("error":{"code":"SOURCE_UNREACHABLE","message":"no \"answer\"\u000a"}})");
  EXPECT_EQ(Read().json, R"({"type":"source","state":"playing","error":null})");
  const Told warning = Read();
  EXPECT_EQ(warning.type, 4);
  EXPECT_EQ(
      warning.json,
      R"({"type":"warning","source":"gate","error":{"code":"SOURCE_LOSS","message":"lost"}})");
  EXPECT_EQ(Read().type, 1);
  const Told events = Read();
  EXPECT_EQ(events.type, 7);
  EXPECT_EQ(events.frames, 3U);
  const Told failed = Read();
  EXPECT_EQ(failed.type, 3);
  EXPECT_EQ(failed.json, R"({"type":"failed","error":{"code":"INTERNAL","message":"broken"}})");
}

TEST_F(ResultPipeTest, BringsWhatIsLargerThanThePipeInPiecesToAReaderThatTakesItsTime) {
  constexpr std::size_t kFrames = 20;
  std::thread sends([this] {
    for (std::size_t i = 0; i < kFrames; ++i) Send(i, 500);
  });
  for (std::size_t i = 0; i < kFrames; ++i) {
    const Told told = Read();
    EXPECT_EQ(told.type, 0);
    EXPECT_GT(told.json.size(), 4U * kSmall);
    EXPECT_NE(told.json.find("\"index\":" + std::to_string(i) + ","), std::string::npos);
    EXPECT_EQ(told.json.back(), ']');
  }
  sends.join();
  EXPECT_TRUE(pipe_->Finish(milliseconds(1000)));
}

TEST_F(ResultPipeTest, NeverWaitsForAReaderThatDoesNotReadAndTellsItLaterWhatItMissed) {
  constexpr std::size_t kSent = 1000;
  for (std::size_t i = 0; i < kSent; ++i) Send(i, 500);
  mailbox_.OnStats({});
  std::size_t frames = 0;
  Told told = Read();
  for (; told.type == 0; told = Read()) frames += told.frames;
  EXPECT_LT(frames, kSent / 2);
  const std::string dropped =
      R"({"place":"runner","reason":"agent-late","total":)" + std::to_string(kSent - frames) + "}";
  EXPECT_NE(told.json.find(dropped), std::string::npos) << told.json << dropped;
}

TEST_F(ResultPipeTest, LosesNothingOfWhatSeveralThreadsTellAtOnce) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 500;
  std::vector<std::thread> threads;
  std::atomic<std::size_t> read{0};
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &read] {
      const std::string name(1, static_cast<char>('a' + t));
      for (std::size_t i = 0; i < kEach; ++i) {
        // No more at once than the mailbox keeps.
        while (i > read / kThreads + 4) std::this_thread::yield();
        mailbox_.OnWarning(name, Status::Error(ErrorCode::kSourceLoss, std::to_string(i)));
      }
    });
  }
  std::vector<std::size_t> next(kThreads);
  for (; read < kThreads * kEach; ++read) {
    const Told told = Read();
    const char source = told.json.at(told.json.find(R"("source":")") + 10);
    const std::string number = "\"message\":\"" + std::to_string(next.at(source - 'a')++) + "\"";
    ASSERT_NE(told.json.find(number), std::string::npos) << told.json;
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ResultPipeTest, EndsInTimeWithAReaderThatIsStuck) {
  for (std::size_t i = 0; i < 10; ++i) Send(i, 500);
  const TimePoint start = Clock::now();
  EXPECT_FALSE(pipe_->Finish(milliseconds(100)));
  EXPECT_LT(Clock::now() - start, milliseconds(2000));
  EXPECT_FALSE(pipe_->Finish(milliseconds(0))) << "again is harmless";
}

TEST_F(ResultPipeTest, GoesOnWithoutAReader) {
  for (std::size_t i = 0; i < 10; ++i) Send(i, 500);
  HangUp();
  for (std::size_t i = 0; i < 10; ++i) Send(i, 500);
  EXPECT_TRUE(pipe_->Finish(milliseconds(1000))) << "nobody is waited for";
}

TEST(ResultPipe, WritesToAFileAndRefusesWhatCannotBeWritten) {
  EXPECT_EQ(ResultPipe::Open(-1), -1);
  EXPECT_EQ(ResultPipe::Open(1 << 20), -1);
  const int reads = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(ResultPipe::Open(reads), -1);
  close(reads);

  char path[] = "/tmp/jetfleet-results-XXXXXX";
  const int file = mkstemp(path);
  unlink(path);
  {
    std::unique_ptr<ResultPipe> pipe;
    Mailbox mailbox("p", Mailbox::Reader::kPipe, [&pipe] { pipe->Wake(); });
    pipe = std::make_unique<ResultPipe>(ResultPipe::Open(file), &mailbox);
    mailbox.OnFailed(Status::Error(ErrorCode::kInternal, "broken"));
    EXPECT_TRUE(pipe->Finish(milliseconds(1000)));
    pipe.reset();
  }
  char text[256];
  EXPECT_EQ(pread(file, text, sizeof text, 0),
            8 + static_cast<ssize_t>(std::string(R"({"type":"failed","error":{"code":"INTERNAL",)"
                                                 R"("message":"broken"}})")
                                         .size()));
  close(file);
}

}  // namespace
}  // namespace jetfleet
