#include "core/secondary/secondary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <optional>

#include "core/graph/attributing.h"
#include "crop_backend.h"
#include "fake_backend.h"

// Secondary models on crops of frames that are made by hand.

namespace jetfleet {
namespace {

constexpr int kSide = 64;
const std::shared_ptr<const ModelTag>& Detector() {
  static const auto tag =
      std::make_shared<const ModelTag>(ModelTag{"detector", {"person", "vehicle"}});
  return tag;
}

/// Dark, with a light part.
SurfaceRef PictureWith(const Rect& light) {
  SurfaceDesc desc;
  desc.format = PixelFormat::kGray;
  desc.coded = {kSide, kSide};
  desc.visible = {0, 0, kSide, kSide};
  desc.color.range = ColorRange::kFull;
  desc.planes[0] = {0, 0, kSide};
  const BufferRef buffer = MakeHostBuffer(kSide * kSide);
  std::uint8_t* const luma = buffer->MapToHost(0);
  std::fill_n(luma, kSide * kSide, std::uint8_t{20});
  for (int y = light.y; y < light.y + light.height; ++y) {
    std::fill_n(luma + y * kSide + light.x, light.width, std::uint8_t{240});
  }
  return std::make_shared<const Surface>(desc, buffer);
}

Track At(int id, const Box& box, int label = 0) { return {{box, 0.9F, label}, id}; }

/// Light is what lies in the left half.
Frame FrameWith(std::vector<Track> tracks, double seconds = 0) {
  static const SurfaceRef picture = PictureWith({0, 0, kSide / 2, kSide});
  Frame frame;
  frame.result.model = Detector();
  frame.result.size = {kSide, kSide};
  frame.result.pts_ms = seconds * 1000;
  frame.result.tracks = std::move(tracks);
  frame.picture = picture;
  return frame;
}

constexpr Box kLeft{8, 16, 16, 32};
constexpr Box kRight{40, 16, 16, 32};
constexpr double kKeep = 1;

class SecondaryTest : public ::testing::Test {
 protected:
  void Use(SecondaryOptions options, const std::string& decoder = "classification") {
    options.name = "shade";
    secondaries_.push_back(
        std::make_unique<Secondary>(SecondaryModel{std::move(options), CropModel(device_, decoder)},
                                    [this](const Status& status) { failed_.set_value(status); }));
  }
  void Use() { Use(SecondaryOptions{}); }
  Secondary& secondary() { return *secondaries_.front(); }
  void Start() {
    for (const auto& each : secondaries_) each->Start();
  }

  /// As a file's frame passes the stage: waits for all that is due, which is soon no more.
  static void Pass(Attributing* stage, Frame* frame) {
    const std::size_t most = frame->result.tracks->size();
    bool waits = true;
    for (std::size_t round = 0; waits; ++round) {
      ASSERT_LE(round, most) << "what was answered is asked for again";
      std::promise<void> answered;
      const Status status = stage->Ask(
          *frame, [&] { answered.set_value(); }, &waits);
      ASSERT_TRUE(status.ok()) << status.message;
      if (!waits) break;
      ASSERT_EQ(answered.get_future().wait_for(std::chrono::seconds(10)),
                std::future_status::ready);
    }
    ASSERT_TRUE(stage->Tell(*frame, kKeep).ok());
  }
  /// As a live source's frame does.
  static void PassBy(Attributing* stage, Frame* frame) {
    bool waits = true;
    const Status status = stage->Ask(*frame, nullptr, &waits);
    ASSERT_TRUE(status.ok()) << status.message;
    ASSERT_FALSE(waits);
    ASSERT_TRUE(stage->Tell(*frame, kKeep).ok());
  }
  /// What a frame says of a track; empty when nothing.
  static std::string LabelOf(const Frame& frame, int track) {
    for (const TrackAttribute& each : frame.result.attributes) {
      if (each.track_id == track) return each.answer->label;
    }
    return "";
  }
  /// False when they do not come in time.
  bool WaitForLooks(std::size_t count) {
    const TimePoint until = Clock::now() + std::chrono::seconds(10);
    while (Clock::now() < until) {
      if (secondary().TakeFigures().looked >= count) return true;
      std::this_thread::yield();
    }
    return false;
  }
  std::size_t Looked() { return device_->Means().size(); }

  const std::shared_ptr<CropDevice> device_ = DarkOrLight();
  std::promise<Status> failed_;
  Secondaries secondaries_;
};

TEST_F(SecondaryTest, CutsEachTrackOutOfItsPlace) {
  Use();
  Start();
  Attributing stage(secondaries_);
  // The last reaches over the picture's edge, and what of it is inside is light.
  Frame frame = FrameWith({At(1, kLeft), At(2, kRight), At(3, {-40, 10, 60, 40})});
  Pass(&stage, &frame);
  EXPECT_EQ(LabelOf(frame, 1), "light");
  EXPECT_EQ(LabelOf(frame, 2), "dark");
  EXPECT_EQ(LabelOf(frame, 3), "light");
  const std::vector<float> means = device_->Means();
  ASSERT_EQ(means.size(), 3U);
  EXPECT_NEAR(means[0], 240, 2) << "nothing but the light part";
  EXPECT_NEAR(means[1], 20, 2);
  EXPECT_NEAR(means[2], 240, 2);
  EXPECT_EQ(*frame.result.attributes[0].name, "shade");
  EXPECT_NEAR(frame.result.attributes[0].answer->score, 240.0 / 255, 0.01);
}

TEST_F(SecondaryTest, LooksAtATrackOnceAndTellsInEveryFrame) {
  Use();
  Start();
  Attributing stage(secondaries_);
  for (int i = 0; i < 5; ++i) {
    Frame frame = FrameWith({At(1, kLeft)}, i * 0.04);
    frame.result.skip = i == 3 ? Skip::kInterval : Skip::kNo;
    Pass(&stage, &frame);
    EXPECT_EQ(LabelOf(frame, 1), "light") << "frame " << i;
  }
  EXPECT_EQ(Looked(), 1U);
}

TEST_F(SecondaryTest, HoldsCropsOfSeveralSourcesInOneRun) {
  Use();
  Attributing door(secondaries_);
  Attributing yard(secondaries_);
  Frame at_door = FrameWith({At(1, kLeft), At(2, kRight)});
  Frame in_yard = FrameWith({At(1, kRight), At(2, kLeft)});
  PassBy(&door, &at_door);
  PassBy(&yard, &in_yard);
  // No frame waits, so it takes what came within its patience.
  Start();
  ASSERT_TRUE(WaitForLooks(4));
  EXPECT_EQ(device_->Runs(), std::vector<std::int64_t>{4});
  Frame later = FrameWith({At(1, kLeft), At(2, kRight)}, 0.04);
  PassBy(&door, &later);
  EXPECT_EQ(LabelOf(later, 1), "light");
  Frame later_in_yard = FrameWith({At(1, kRight), At(2, kLeft)}, 0.04);
  PassBy(&yard, &later_in_yard);
  EXPECT_EQ(LabelOf(later_in_yard, 1), "dark") << "of the same number, in another source";
}

TEST_F(SecondaryTest, RunsEachCropByItselfWhereTheModelTakesOne) {
  device_->batch = 1;
  Use();
  Start();
  Attributing stage(secondaries_);
  Frame frame = FrameWith({At(1, kLeft), At(2, kRight)});
  Pass(&stage, &frame);
  EXPECT_EQ(device_->Runs(), (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(LabelOf(frame, 2), "dark");
  EXPECT_EQ(secondary().most(), 1U);
}

TEST_F(SecondaryTest, DropsWhatFindsNoRoomAndAsksForItAgain) {
  Use();
  Attributing stage(secondaries_);
  std::vector<Track> tracks;
  for (int id = 1; id <= static_cast<int>(Secondary::kCapacity) + 3; ++id) {
    tracks.push_back(At(id, kLeft));
  }
  Frame first = FrameWith(tracks);
  PassBy(&stage, &first);
  const Secondary::Figures full = secondary().TakeFigures();
  EXPECT_EQ(full.dropped, 3U);
  EXPECT_EQ(full.queue.level, Secondary::kCapacity);
  Start();
  ASSERT_TRUE(WaitForLooks(Secondary::kCapacity));
  Frame second = FrameWith(tracks, 0.04);
  PassBy(&stage, &second);
  ASSERT_TRUE(WaitForLooks(tracks.size()));
  Frame third = FrameWith(tracks, 0.08);
  PassBy(&stage, &third);
  EXPECT_EQ(third.result.attributes.size(), tracks.size());
  EXPECT_EQ(secondary().TakeFigures().dropped, 3U);
}

TEST_F(SecondaryTest, LetsAFileWaitForMoreThanOneRunHolds) {
  Use();
  Start();
  Attributing stage(secondaries_);
  std::vector<Track> tracks;
  for (int id = 1; id <= 20; ++id) tracks.push_back(At(id, kLeft));
  Frame frame = FrameWith(tracks);
  Pass(&stage, &frame);
  EXPECT_EQ(frame.result.attributes.size(), 20U);
  EXPECT_EQ(device_->Runs(), (std::vector<std::int64_t>{8, 8, 4}));
  EXPECT_EQ(secondary().TakeFigures().dropped, 0U);
}

TEST_F(SecondaryTest, LetsGoOfAnswersWithTheirTracks) {
  Use();
  Start();
  Attributing stage(secondaries_);
  Frame seen = FrameWith({At(1, kLeft)});
  Pass(&stage, &seen);
  Frame within = FrameWith({}, kKeep);
  Pass(&stage, &within);
  Frame back = FrameWith({At(1, kLeft)}, kKeep);
  Pass(&stage, &back);
  EXPECT_EQ(Looked(), 1U) << "as long as the tracker keeps it";
  Frame gone = FrameWith({}, 2 * kKeep + 0.1);
  Pass(&stage, &gone);
  Frame other = FrameWith({At(1, kRight)}, 2 * kKeep + 0.2);
  Pass(&stage, &other);
  EXPECT_EQ(LabelOf(other, 1), "dark");
  EXPECT_EQ(Looked(), 2U);
}

TEST_F(SecondaryTest, LooksAgainWhenAnAnswerIsOld) {
  SecondaryOptions options;
  options.refresh_seconds = 1;
  Use(options);
  Start();
  Attributing stage(secondaries_);
  for (const double seconds : {0.0, 0.5, 0.99}) {
    Frame frame = FrameWith({At(1, kLeft)}, seconds);
    Pass(&stage, &frame);
    EXPECT_EQ(LabelOf(frame, 1), "light");
  }
  EXPECT_EQ(Looked(), 1U);
  Frame frame = FrameWith({At(1, kRight)}, 1);
  Pass(&stage, &frame);
  EXPECT_EQ(LabelOf(frame, 1), "dark");
  EXPECT_EQ(Looked(), 2U);
}

TEST_F(SecondaryTest, LooksAtWhatIsHighEnoughAndOfItsLabelsOnly) {
  SecondaryOptions options;
  options.min_height = 0.25;
  options.labels = {"vehicle"};
  Use(options);
  Start();
  Attributing stage(secondaries_);
  Frame frame = FrameWith({At(1, kLeft, 0), At(2, {40, 16, 16, 15}, 1), At(3, {40, 16, 16, 16}, 1),
                           At(4, {40, 60, 16, 32}, 1)});
  Pass(&stage, &frame);
  EXPECT_EQ(LabelOf(frame, 1), "") << "a person";
  EXPECT_EQ(LabelOf(frame, 2), "") << "small";
  EXPECT_EQ(LabelOf(frame, 3), "dark");
  EXPECT_EQ(LabelOf(frame, 4), "") << "little of it is in the picture";
  EXPECT_EQ(Looked(), 1U);
  // It has grown since.
  Frame later = FrameWith({At(2, {40, 16, 16, 20}, 1)}, 0.04);
  Pass(&stage, &later);
  EXPECT_EQ(LabelOf(later, 2), "dark");
}

TEST_F(SecondaryTest, FollowsLabelsToAnotherModelByName) {
  SecondaryOptions options;
  options.labels = {"vehicle"};
  Use(options);
  Start();
  Attributing stage(secondaries_);
  Frame frame = FrameWith({At(1, kLeft, 0)});
  frame.result.model = std::make_shared<const ModelTag>(ModelTag{"other", {"vehicle"}});
  Pass(&stage, &frame);
  EXPECT_EQ(LabelOf(frame, 1), "light");
}

TEST_F(SecondaryTest, TellsNothingThatItIsNotSureOfAndAsksNoMore) {
  SecondaryOptions options;
  options.min_score = 0.95F;
  Use(options);
  Start();
  Attributing stage(secondaries_);
  for (const double seconds : {0.0, 0.1}) {
    Frame frame = FrameWith({At(1, {24, 16, 16, 32})}, seconds);  // half dark, half light
    Pass(&stage, &frame);
    EXPECT_TRUE(frame.result.attributes.empty());
  }
  EXPECT_EQ(Looked(), 1U);
}

TEST_F(SecondaryTest, TellsAVectorOnce) {
  device_->answer = [](float, float* numbers) {
    numbers[0] = 3;
    numbers[1] = 4;
  };
  Use({}, "reid");
  Start();
  Attributing stage(secondaries_);
  Frame first = FrameWith({At(1, kLeft)});
  Pass(&stage, &first);
  ASSERT_EQ(first.result.attributes.size(), 1U);
  const std::vector<float>& vector = first.result.attributes[0].answer->vector;
  ASSERT_EQ(vector.size(), 2U);
  EXPECT_FLOAT_EQ(vector[0], 0.6F);
  EXPECT_FLOAT_EQ(vector[1], 0.8F);
  Frame second = FrameWith({At(1, kLeft)}, 0.04);
  Pass(&stage, &second);
  EXPECT_TRUE(second.result.attributes.empty());
}

TEST_F(SecondaryTest, TellsNoVectorWithoutADirection) {
  device_->answer = [](float, float* numbers) { numbers[0] = numbers[1] = NAN; };
  Use({}, "reid");
  Start();
  Attributing stage(secondaries_);
  Frame frame = FrameWith({At(1, kLeft)});
  Pass(&stage, &frame);
  EXPECT_TRUE(frame.result.attributes.empty());
}

TEST_F(SecondaryTest, DoesNotLookWhereTheTrackerOnlyForeseesObjects) {
  Use();
  Start();
  Attributing stage(secondaries_);
  for (const Skip skip : {Skip::kInterval, Skip::kStill}) {
    Frame frame = FrameWith({At(1, kLeft)});
    frame.result.skip = skip;
    Pass(&stage, &frame);
  }
  EXPECT_EQ(Looked(), 0U);
}

TEST_F(SecondaryTest, AnswersCropsWhoseSourceHasGone) {
  Use();
  {
    Attributing stage(secondaries_);
    Frame frame = FrameWith({At(1, kLeft)});
    PassBy(&stage, &frame);
  }
  Start();
  ASSERT_TRUE(WaitForLooks(1));
}

TEST_F(SecondaryTest, ThrowsAwayWhatWaitsWhenItCloses) {
  Use();
  Attributing stage(secondaries_);
  Frame frame = FrameWith({At(1, kLeft), At(2, kRight)});
  bool resumed = false;
  bool waits = false;
  ASSERT_TRUE(stage
                  .Ask(
                      frame, [&] { resumed = true; }, &waits)
                  .ok());
  EXPECT_TRUE(waits);
  secondary().Close();
  Start();
  secondary().Join();
  EXPECT_FALSE(resumed);
  Frame next = FrameWith({At(3, kLeft)});
  ASSERT_TRUE(stage
                  .Ask(
                      next, [&] { resumed = true; }, &waits)
                  .ok());
  EXPECT_FALSE(waits) << "nobody would answer";
  EXPECT_EQ(Looked(), 0U);
}

TEST_F(SecondaryTest, SaysWhichModelFailed) {
  device_->fail_at = 0;
  Use();
  Start();
  Attributing stage(secondaries_);
  Frame frame = FrameWith({At(1, kLeft)});
  PassBy(&stage, &frame);
  const Status status = failed_.get_future().get();
  EXPECT_NE(status.message.find("Secondary model shade: the device is gone"), std::string::npos)
      << status.message;
}

TEST_F(SecondaryTest, CountsWaitAndWorkOfItsRuns) {
  device_->before = [] { std::this_thread::sleep_for(std::chrono::milliseconds(10)); };
  Use();
  Start();
  Attributing stage(secondaries_);
  Frame frame = FrameWith({At(1, kLeft), At(2, kRight)});
  Pass(&stage, &frame);
  const Secondary::Figures figures = secondary().TakeFigures();
  EXPECT_EQ(figures.looked, 2U);
  EXPECT_EQ(figures.runs, 1U);
  EXPECT_EQ(figures.interval.frames, 2U);
  ASSERT_TRUE(figures.interval.work_ms && figures.interval.wait_ms);
  EXPECT_GE(figures.interval.work_ms->p50, 10);
  EXPECT_GE(figures.queue.max, 1U);
}

TEST(SecondaryModels, AreClassifiersOrOfReidentification) {
  EXPECT_TRUE(CheckSecondary(*CropModel(DarkOrLight())).ok());
  EXPECT_TRUE(CheckSecondary(*CropModel(DarkOrLight(), "reid")).ok());
  const Status refused = CheckSecondary(*FakeModel());
  EXPECT_EQ(refused.code, ErrorCode::kModelInvalid);
  EXPECT_NE(refused.message.find("classification or reid but got one of yolox"), std::string::npos)
      << refused.message;
}

}  // namespace
}  // namespace jetfleet
