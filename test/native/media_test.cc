#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "core/media/decode_backlog.h"
#include "core/media/in_decoder.h"
#include "core/media/key_frame_gate.h"
#include "core/media/orientation.h"
#include "core/media/rtsp_cause.h"
#include "core/media/track_choice.h"

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
