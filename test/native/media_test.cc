#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "core/media/capture_clock.h"
#include "core/media/decode_backlog.h"
#include "core/media/in_decoder.h"
#include "core/media/key_frame_gate.h"
#include "core/media/orientation.h"
#include "core/media/rtp_timeline.h"
#include "core/media/rtsp_cause.h"
#include "core/media/stall_watch.h"
#include "core/media/stream_clock.h"
#include "core/media/track_choice.h"
#include "core/pipeline_stats.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

CodedPicture Key() {
  CodedPicture picture;
  picture.has_slice = picture.key = true;
  return picture;
}

CodedPicture Inter(bool disposable = false) {
  CodedPicture picture;
  picture.has_slice = true;
  picture.disposable = disposable;
  return picture;
}

CodedPicture Recovery(int frames) {
  CodedPicture picture = Inter();
  picture.recovery_frames = frames;
  return picture;
}

TEST(KeyFrameGate, FollowsItsTable) {
  struct Case {
    const char* what;
    CodedPicture picture;
    bool lost = false;
    bool late = false;
    bool decode = false;
    std::optional<DropReason> reason;
  };
  // One after the other.
  const std::vector<Case> cases = {
      {"joined between two key pictures", Inter(), false, false, false,
       DropReason::kBeforeKeyFrame},
      {"a loss while waiting changes nothing", Inter(), true, false, false,
       DropReason::kBeforeKeyFrame},
      {"a key picture opens", Key(), false, false, true, {}},
      {"open", Inter(), false, false, true, {}},
      {"something is missing", Inter(), true, false, false, DropReason::kAfterLoss},
      {"all that follows is made from it", Inter(), false, false, false, DropReason::kAfterLoss},
      {"until the next key picture", Key(), false, false, true, {}},
      {"a late decoder loses what nobody needs", Inter(true), false, true, false,
       DropReason::kOverload},
      {"and only that", Inter(), false, false, true, {}},
      {"a reference is needed", Inter(), false, true, false, DropReason::kOverload},
      {"by all that follow, late or not", Inter(), false, false, false, DropReason::kOverload},
      {"a key picture behind a full queue waits, too", Key(), false, true, false,
       DropReason::kOverload},
      {"the next does not", Key(), false, false, true, {}},
      {"loss in front of a key picture costs nothing", Key(), true, false, true, {}},
      {"loss", Inter(), true, false, false, DropReason::kAfterLoss},
      {"refreshed step by step: decoded, not shown", Recovery(2), false, false, true,
       DropReason::kAfterLoss},
      {"disposable ones are no step", Inter(true), false, false, true, DropReason::kAfterLoss},
      {"one step more", Inter(), false, false, true, DropReason::kAfterLoss},
      {"whole", Inter(), false, false, true, {}},
      {"loss again", Inter(), true, false, false, DropReason::kAfterLoss},
      {"a recovery point that is whole itself", Recovery(0), false, false, true, {}},
      {"a disposable picture after a loss", Inter(true), true, false, false,
       DropReason::kAfterLoss},
  };
  KeyFrameGate gate;
  for (const Case& c : cases) {
    const KeyFrameGate::Verdict verdict = gate.Decide(c.picture, c.lost, c.late);
    EXPECT_EQ(verdict.decode, c.decode) << c.what;
    EXPECT_EQ(verdict.reason, c.reason) << c.what;
  }
}

TEST(KeyFrameGate, ClosedFromOutsideOpensWhereDecodingMayBegin) {
  KeyFrameGate gate;
  EXPECT_TRUE(gate.Decide(Key(), false, false).entry);
  EXPECT_FALSE(gate.Decide(Inter(), false, false).entry);
  gate.Close();
  gate.Close();
  const KeyFrameGate::Verdict useless = gate.Decide(Inter(), false, false);
  EXPECT_FALSE(useless.decode);
  EXPECT_EQ(useless.reason, DropReason::kOverload);
  const KeyFrameGate::Verdict hidden = gate.Decide(Recovery(1), false, false);
  EXPECT_TRUE(hidden.decode && hidden.entry && hidden.reason == DropReason::kOverload);
  EXPECT_FALSE(gate.Decide(Inter(), false, false).entry);
  EXPECT_TRUE(gate.open());
  gate.Close();
  EXPECT_TRUE(gate.Decide(Key(), false, false).entry) << "the next picture may be the one";
}

TEST(KeyFrameGate, NeverLetsThroughAPictureWhoseReferencesAreMissing) {
  std::mt19937 random(5);
  KeyFrameGate gate;
  bool whole = false;
  for (int i = 0; i < 20'000; ++i) {
    const bool key = random() % 12 == 0;
    const bool lost = random() % 15 == 0;
    const bool late = random() % 15 == 0;
    const CodedPicture picture = key ? Key() : Inter(random() % 3 == 0);
    const KeyFrameGate::Verdict verdict = gate.Decide(picture, lost, late);
    if (lost) whole = false;
    if (verdict.decode && key) whole = true;
    EXPECT_TRUE(!verdict.decode || whole) << i;
    EXPECT_EQ(verdict.reason.has_value(), !verdict.decode) << i;
    if (!verdict.decode && !picture.disposable) whole = false;
  }
}

AccessUnitPtr Unit(std::uint64_t sequence, GstClockTime pts) {
  auto unit = std::make_shared<AccessUnit>();
  unit->sequence = sequence;
  unit->pts = pts;
  return unit;
}

TEST(InDecoder, CountsWhatNeverCameOutAndNotWhatIsReordered) {
  InDecoder in;
  // Decoded as I P B B P, shown as I B B P P.
  const std::vector<AccessUnitPtr> units = {Unit(0, 0), Unit(1, 30), Unit(2, 10), Unit(3, 20),
                                            Unit(4, 40)};
  for (const auto& unit : units) in.Entered(unit);
  EXPECT_EQ(in.CameOut(*units[0]).silently, 0U);
  EXPECT_EQ(in.CameOut(*units[3]).silently, 1U) << "unit 2 should have come first";
  EXPECT_EQ(in.CameOut(*units[1]).silently, 0U);
  EXPECT_EQ(in.CameOut(*units[4]).silently, 0U);
  EXPECT_EQ(in.Ended().silently, 0U);
}

TEST(InDecoder, CountsOfWhatStaysInsideNeitherFieldsNorWhatIsCountedAlready) {
  InDecoder in;
  in.Entered(Unit(0, 0));
  in.Entered(Unit(1, 10));
  const AccessUnitPtr hidden = Unit(2, 20);
  hidden->hidden = DropReason::kAfterLoss;
  in.Entered(hidden);
  const AccessUnitPtr broken = Unit(3, 30);
  broken->hidden = DropReason::kCorrupt;
  in.Entered(broken);
  const AccessUnitPtr field = Unit(4, 40);
  field->field = true;
  in.Entered(field);
  // A decoder that loses what belongs to a picture.
  in.CameOutUnknown();
  const InDecoder::Lost lost = in.Ended();
  EXPECT_EQ(lost.silently, 1U);
  EXPECT_EQ(lost.broken, 1U);
  EXPECT_EQ(in.Ended().silently, 0U) << "once";
}

TEST(InDecoder, CountsWhatItMustForget) {
  InDecoder in;
  std::size_t forgotten = 0;
  // A bare stream tells no times, so no order tells what is lost.
  for (std::uint64_t i = 0; i < 100; ++i) {
    forgotten += in.Entered(Unit(i, GST_CLOCK_TIME_NONE)).silently;
  }
  EXPECT_EQ(forgotten + in.Ended().silently, 100U);
  EXPECT_GT(forgotten, 0U);
}

TEST(InDecoder, TellsOfABrokenOneThatNeverCameOut) {
  InDecoder in;
  const AccessUnitPtr broken = Unit(0, 0);
  in.Entered(broken);
  in.Entered(Unit(1, 10));
  broken->hidden = DropReason::kCorrupt;
  const InDecoder::Lost lost = in.CameOut(*Unit(1, 10));
  EXPECT_EQ(lost.broken, 1U);
  EXPECT_EQ(lost.silently, 0U);
}

TEST(InDecoder, NamesNoUnitWhenTwoHaveOneTime) {
  InDecoder in;
  in.Entered(Unit(0, 5));
  EXPECT_NE(in.Find(5), nullptr);
  in.Entered(Unit(1, 5));
  EXPECT_EQ(in.Find(5), nullptr);
  EXPECT_EQ(in.Find(GST_CLOCK_TIME_NONE), nullptr);
}

/// A live source and its decoder, in made-up time: what comes every 40 ms, and how long a picture
/// of those that were decoded was under way.
struct Decoding {
  std::vector<int> latencies_ms;
  std::vector<int> decoded;
  int left_out = 0;
  int restarts = 0;
};

Decoding Decode(
    DecodeBacklog* backlog, int pictures, int work_ms, int group,
    const std::function<int(int)>& arrival_ms = [](int i) { return 40 * i; }) {
  Decoding run;
  const TimePoint start = Clock::now();
  const auto at = [start](int ms) { return start + milliseconds(ms); };
  int free_ms = 0;
  int entered = 0;
  for (int next = 0; next < pictures; ++next) {
    const int now = std::max(free_ms, arrival_ms(next));
    for (; entered < pictures && arrival_ms(entered) <= now; ++entered) {
      backlog->Entered(at(arrival_ms(entered)), entered % group == 0);
    }
    run.restarts += backlog->TakeRestart() ? 1 : 0;
    if (!backlog->Take(at(now))) {
      ++run.left_out;
      continue;
    }
    free_ms = now + work_ms;
    run.decoded.push_back(next);
    run.latencies_ms.push_back(free_ms - arrival_ms(next));
  }
  return run;
}

TEST(DecodeBacklog, LeavesNothingOutWhereTheDecoderKeepsUp) {
  DecodeBacklog backlog;
  EXPECT_EQ(Decode(&backlog, 500, 39, 10).left_out, 0);
}

TEST(DecodeBacklog, LeavesNothingOutOfABurstAfterAStall) {
  DecodeBacklog backlog;
  const auto stalled = [](int i) { return i >= 30 && i < 55 ? 55 * 40 : 40 * i; };
  EXPECT_EQ(Decode(&backlog, 200, 20, 25, stalled).left_out, 0);
}

TEST(DecodeBacklog, HoldsAnOverloadedDecoderToTheNewestPictures) {
  for (const int work_ms : {60, 80, 160}) {
    for (const int group : {5, 10, 50}) {
      DecodeBacklog backlog;
      Decoding run = Decode(&backlog, 1500, work_ms, group);
      EXPECT_EQ(run.left_out + static_cast<int>(run.decoded.size()), 1500);
      // The first second is what a burst is given.
      std::vector<int> later(run.latencies_ms.begin() + 1000 / work_ms + 20,
                             run.latencies_ms.end());
      ASSERT_GT(later.size(), 20U);
      std::nth_element(later.begin(), later.begin() + later.size() / 2, later.end());
      EXPECT_LE(later[later.size() / 2], std::max(2.5 * work_ms, 200.0)) << work_ms << " " << group;
      for (std::size_t i = 1; i < run.decoded.size(); ++i) {
        const bool follows = run.decoded[i] == run.decoded[i - 1] + 1;
        ASSERT_TRUE(follows || run.decoded[i] % group == 0) << "made from what was left out";
      }
    }
  }
}

TEST(DecodeBacklog, AsksForAnEntryWhereNoneWaits) {
  DecodeBacklog backlog;
  const Decoding run = Decode(&backlog, 200, 80, 1'000'000);
  EXPECT_GT(run.restarts, 0);
  EXPECT_GT(run.left_out, 100);
}

TEST(DecodeBacklog, ForgetsThePicturesOfALostConnection) {
  DecodeBacklog backlog;
  const TimePoint start = Clock::now();
  for (std::size_t i = 0; i < DecodeBacklog::kLiveCapacity; ++i) backlog.Entered(start, false);
  EXPECT_TRUE(backlog.Full());
  backlog.Clear();
  EXPECT_FALSE(backlog.Full());
  backlog.Entered(start + seconds(18), true);
  EXPECT_TRUE(backlog.Take(start + seconds(18)));
  EXPECT_EQ(backlog.TakeLevels().max, DecodeBacklog::kLiveCapacity);
}

TEST(StreamClock, TellsAnOutageOfALiveSourceAsLongAsItWas) {
  StreamClock clock(true);
  const TimePoint start = Clock::now();
  EXPECT_EQ(clock.Add(700, start), 0);
  EXPECT_EQ(clock.Add(740, start + milliseconds(40)), 40);
  clock.Restart();
  EXPECT_NEAR(clock.Add(3, start + milliseconds(18'040)), 18'040, 0.01);
  EXPECT_NEAR(clock.Add(43, start + milliseconds(18'090)), 18'080, 0.01);
}

TEST(StreamClock, LetsRoundsOfAFileFollowAtItsOwnPace) {
  StreamClock clock(false);
  const TimePoint start = Clock::now();
  clock.Add(0, start);
  clock.Add(40, start);
  clock.Restart();
  EXPECT_EQ(clock.Add(0, start + seconds(9)), 80);
}

TEST(RtpTimeline, FollowsTheRtpClockThroughReorderingJitterAndWrap) {
  RtpTimeline timeline(90'000);
  std::mt19937 random(4);
  const double first = timeline.Add(4'294'960'000U, 500);
  for (int picture = 1; picture < 200; ++picture) {
    // Every third comes before the two that are shown first.
    const int shown = picture % 3 == 1 ? picture + 2 : picture - 1;
    const double shake = static_cast<double>(random() % 30);
    const double pts = timeline.Add(4'294'960'000U + static_cast<std::uint32_t>(shown) * 3600U,
                                    500 + shown * 40.0 + shake);
    EXPECT_NEAR(pts - first, shown * 40.0, 20) << picture;
  }
}

TEST(RtpTimeline, GoesWithArrivalWhenTheRtpClockIsSetAnewOrStoodStill) {
  RtpTimeline timeline(90'000);
  timeline.Add(1000, 0);
  EXPECT_NEAR(timeline.Add(1000 + 3600, 5000), 5000, 1) << "stood still for five seconds";
  EXPECT_NEAR(timeline.Add(2'000'000'000U, 5040), 5040, 1) << "set anew";
  EXPECT_NEAR(timeline.Add(2'000'003'600U, 5080), 5080, 1);
}

TEST(StallWatch, WaitsByWhatTheCameraDidSoFar) {
  StallWatch watch(std::nullopt, seconds(5));
  EXPECT_EQ(watch.Patience(), seconds(15)) << "nothing is known";
  TimePoint now = Clock::now();
  watch.Coded(now);
  EXPECT_EQ(watch.Patience(), seconds(15)) << "one picture says nothing";
  watch.Coded(now + milliseconds(40));
  EXPECT_EQ(watch.Patience(), seconds(5));
  watch.Coded(now + seconds(7));
  EXPECT_GT(watch.Patience(), seconds(27)) << "pictures every seven seconds";
  watch.Connected();
  watch.Coded(now + seconds(60));
  EXPECT_LT(watch.Patience(), seconds(40)) << "an outage is no interval";
  const StallWatch fixed(milliseconds(800), seconds(5));
  EXPECT_EQ(fixed.Patience(), milliseconds(800));
}

std::vector<std::uint8_t> Report(double epoch_s, std::uint32_t rtp_time) {
  std::vector<std::uint8_t> bytes = {0x80, 200, 0, 6, 1, 2, 3, 4};
  const auto put = [&](std::uint32_t word) {
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  };
  put(static_cast<std::uint32_t>(epoch_s + 2'208'988'800.0));
  put(static_cast<std::uint32_t>((epoch_s - std::floor(epoch_s)) * 4'294'967'296.0));
  put(rtp_time);
  put(0);
  put(0);
  return bytes;
}

TEST(CaptureClock, GoesFromRtpTimesToTheCamerasClockOverTheirWrap) {
  CaptureClock clock(90'000);
  EXPECT_FALSE(clock.CapturedAtMs(5).has_value());
  const auto bytes = Report(1'700'000'000.5, 0xfffffff0U);
  const auto report = ParseSenderReport(bytes.data(), bytes.size());
  ASSERT_TRUE(report.has_value());
  clock.OnReport(*report, 1'700'000'000'530);
  EXPECT_NEAR(*clock.offset_ms(), 30, 1);
  EXPECT_NEAR(*clock.CapturedAtMs(0xfffffff0U + 9000), 1'700'000'000'600.0, 0.1);
  EXPECT_NEAR(*clock.CapturedAtMs(0xfffffff0U - 9000), 1'700'000'000'400.0, 0.1);
}

TEST(CaptureClock, DoesNotBelieveAClockThatDisagrees) {
  for (const double off_ms : {-3'600'000.0, -1500.0, 6000.0, 1.0e12}) {
    CaptureClock clock(90'000);
    clock.OnReport({1'700'000'000'000.0, 0}, 1'700'000'000'000.0 + off_ms);
    EXPECT_TRUE(clock.disagrees()) << off_ms;
    EXPECT_FALSE(clock.CapturedAtMs(0).has_value());
    EXPECT_EQ(*clock.offset_ms(), off_ms);
  }
}

/// A picture every 40 ms, as a camera and a device see it whose clocks may be set.
class Journey {
 public:
  std::optional<double> Next(double way_ms, double camera_off_ms = 0, double device_off_ms = 0) {
    steady_ms_ += 40;
    const TimePoint arrival{std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double, std::milli>(steady_ms_))};
    const double now_ms = 1'700'000'000'000.0 + steady_ms_;
    return delay_.WayMs(now_ms - way_ms + camera_off_ms, arrival, now_ms + device_off_ms);
  }
  double offset_ms() const { return delay_.offset_ms(); }

 private:
  CaptureDelay delay_;
  double steady_ms_ = 1000;
};

constexpr double kHour = 3'600'000;

TEST(CaptureDelay, IsTheWayWhileTheClocksAgreeAndNeverNegative) {
  Journey journey;
  EXPECT_NEAR(*journey.Next(30), 30, 0.01);
  EXPECT_NEAR(*journey.Next(400), 400, 0.01);
  EXPECT_EQ(*journey.Next(20, 70), 0) << "a camera 70 ms ahead";
  EXPECT_NEAR(*journey.Next(8000), 8000, 0.01) << "a stall is a long way, not another clock";
}

TEST(CaptureDelay, IsUnknownAcrossClocksThatDisagreeWithTheOffsetNamed) {
  for (const double off_ms : {-kHour, kHour, 1500.0, -6000.0, 1.0e12}) {
    Journey journey;
    for (int picture = 0; picture < 100; ++picture) {
      ASSERT_FALSE(journey.Next(30, off_ms).has_value()) << off_ms;
    }
    EXPECT_NEAR(journey.offset_ms(), 30 - off_ms, 0.5);
  }
}

TEST(CaptureDelay, HearsAClockOfThisDeviceThatIsSetAtOnceEitherWay) {
  for (const double step_ms : {5 * kHour, -5 * kHour}) {
    Journey journey;
    for (int picture = 0; picture < 50; ++picture) journey.Next(30);
    EXPECT_FALSE(journey.Next(30, 0, step_ms).has_value()) << "no latency of five hours";
    EXPECT_FALSE(journey.Next(30, 0, step_ms).has_value());
    EXPECT_NEAR(*journey.Next(30), 30, 0.01) << "set right again";
  }
}

TEST(CaptureDelay, HearsAClockOfTheCameraThatIsSet) {
  Journey journey;
  for (int picture = 0; picture < 50; ++picture) journey.Next(30);
  EXPECT_FALSE(journey.Next(30, kHour).has_value());
  for (int picture = 0; picture < 1600; ++picture) journey.Next(30, kHour);
  for (int picture = 0; picture < 1600; ++picture) journey.Next(30);
  EXPECT_NEAR(*journey.Next(30), 30, 0.01);
}

TEST(OutputMeter, TellsTheLatencyFromCaptureOnlyWhereEveryFrameHasIt) {
  for (const bool all : {true, false}) {
    OutputMeter meter;
    for (int at = 0; at < 10; ++at) {
      Frame frame;
      frame.trace = FrameTrace(Clock::now());
      if (all || at > 0) frame.result.way_ms = 250;
      meter.Add(frame);
    }
    const OutputFigures report = meter.Take(Clock::now());
    EXPECT_EQ(report.latency_from_capture, all);
    EXPECT_EQ(report.latency_ms->p95 >= 250, all);
  }
}

TEST(CaptureClock, ReadsNothingFromHostilePackets) {
  auto bytes = Report(1'700'000'000, 1);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ParseSenderReport(bytes.data(), size).has_value()) << size;
  }
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    ParseSenderReport(bytes.data(), bytes.size());
  }
}

TEST(TrackChoice, TakesTheFirstTrackOfItsCodecWhateverStandsBeside) {
  TrackChoice choice(*CodecByRtpName("H264"));
  EXPECT_FALSE(choice.Offer("audio", "PCMU", nullptr));
  EXPECT_FALSE(choice.Offer("video", "JPEG", CodecByRtpName("JPEG")));
  EXPECT_TRUE(choice.Offer("video", "H264", CodecByRtpName("H264")));
  EXPECT_FALSE(choice.Offer("video", "H264", CodecByRtpName("H264"))) << "one is enough";
  EXPECT_FALSE(choice.Offer("application", "vnd.onvif.metadata", nullptr));
  EXPECT_TRUE(choice.Verdict("x").ok());
  EXPECT_EQ(choice.instead(), nullptr);
}

TEST(TrackChoice, KnowsWhatCouldBeReadInstead) {
  TrackChoice choice(*CodecByRtpName("H264"));
  EXPECT_EQ(choice.instead(), nullptr);
  choice.Offer("video", "JPEG", CodecByRtpName("JPEG"));
  choice.Offer("video", "H265", CodecByRtpName("H265"));
  choice.Offer("video", "MP4V-ES", CodecByRtpName("MP4V-ES"));
  choice.Offer("video", "VP9", CodecByRtpName("VP9"));
  ASSERT_NE(choice.instead(), nullptr);
  EXPECT_STREQ(choice.instead()->name, "H.265");
  EXPECT_EQ(choice.Verdict("cam").code, ErrorCode::kSourceCodec);
}

TEST(TrackChoice, SaysWhyThereIsNothingToRead) {
  TrackChoice sound(CodecTable().front());
  sound.Offer("audio", "PCMU", nullptr);
  EXPECT_EQ(sound.Verdict("cam").code, ErrorCode::kSourceNoVideo);
  EXPECT_NE(sound.Verdict("cam").message.find("only audio"), std::string::npos);
  TrackChoice foreign(CodecTable().front());
  foreign.Offer("video", "MP4V-ES", nullptr);
  foreign.Offer("video", "raw", nullptr);
  EXPECT_EQ(foreign.instead(), nullptr);
  EXPECT_EQ(foreign.Verdict("cam").code, ErrorCode::kSourceCodec);
  EXPECT_NE(foreign.Verdict("cam").message.find("MP4V-ES, raw"), std::string::npos);
  EXPECT_EQ(TrackChoice(CodecTable().front()).Verdict("cam").code, ErrorCode::kSourceNoVideo);
}

TEST(RtspCause, KnowsWhichChallengesAreSpoken) {
  const std::string answer =
      "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n"
      "WWW-Authenticate: Digest realm=\"c\", nonce=\"1\", algorithm=SHA-256\r\n"
      "www-authenticate:Digest realm=\"c\", nonce=\"1\", algorithm=\"SHA-512-256\"\r\n\r\n";
  const std::vector<std::string> modern = ChallengesOf(answer);
  ASSERT_EQ(modern.size(), 2U);
  const Status status = JudgeChallenges(modern, "rtsp://cam");
  EXPECT_EQ(status.code, ErrorCode::kSourceAuthScheme);
  EXPECT_NE(status.message.find("Digest SHA-256, Digest SHA-512-256"), std::string::npos)
      << status.message;
  for (const std::string spoken :
       {"Basic realm=\"c\"", "Digest realm=\"c\", nonce=\"1\"", "Digest nonce=\"1\", algorithm=MD5",
        "DIGEST algorithm=\"md5\""}) {
    EXPECT_TRUE(JudgeChallenges({modern[0], spoken}, "rtsp://cam").ok()) << spoken;
  }
  EXPECT_FALSE(JudgeChallenges({"Bearer"}, "rtsp://cam").ok());
  EXPECT_TRUE(JudgeChallenges({}, "rtsp://cam").ok()) << "nothing is known";
  for (const std::string odd :
       {"", "\r\n", "www-authenticate:", "www-authenticate:   ", "\r\n\r\nwww"}) {
    EXPECT_TRUE(ChallengesOf(odd).empty()) << odd;
  }
}

TEST(Orientation, KnowsTurnsAndNoMirrors) {
  EXPECT_EQ(RotationOf("rotate-90"), Rotation::kQuarter);
  EXPECT_EQ(RotationOf("rotate-0"), Rotation::kNone);
  EXPECT_EQ(RotationOf("flip-rotate-90"), std::nullopt);
  EXPECT_EQ(RotationOf(""), std::nullopt);
}

}  // namespace
}  // namespace jetfleet
