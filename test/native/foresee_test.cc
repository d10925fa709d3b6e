#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "trackers.h"

namespace jetfleet {
namespace {

TEST(Foresee, TellsWhereAnObjectIsBetweenTwoLooks) {
  for (const TrackAlgorithm algorithm : kAlgorithms) {
    SCOPED_TRACE(static_cast<int>(algorithm));
    Tracker tracker(Of(algorithm));
    const auto box_at = [](int frame) {
      return Box{100 + 2.0F * static_cast<float>(frame), 50, 40, 80};
    };
    Track last;
    for (int frame = 0; frame < 60; ++frame) {
      const bool looked = frame % 3 == 0;
      const double seconds = frame / 25.0;
      const auto tracks =
          looked ? tracker.Update(seconds, {{box_at(frame), 0.9F, 0}}) : tracker.Foresee(seconds);
      if (frame < 15) continue;
      ASSERT_EQ(tracks.size(), 1U) << frame;
      EXPECT_EQ(tracks[0].id, 1);
      EXPECT_FLOAT_EQ(tracks[0].detection.score, 0.9F);
      const Box& box = tracks[0].detection.box;
      if (algorithm == TrackAlgorithm::kIou) {
        EXPECT_EQ(box.left, box_at(frame / 3 * 3).left) << "has no motion model";
      } else {
        EXPECT_NEAR(box.left, box_at(frame).left, 1.5) << frame;
      }
      EXPECT_NEAR(box.height, 80, 1) << frame;
    }
    EXPECT_EQ(tracker.tracks_total(), 1);
  }
}

TEST(Foresee, ChangesNothingThatIsTrackedHoweverOftenItIsAsked) {
  for (const TrackAlgorithm algorithm : kAlgorithms) {
    SCOPED_TRACE(static_cast<int>(algorithm));
    std::mt19937 random(static_cast<std::uint32_t>(algorithm));
    std::uniform_real_distribution<float> place(0, 400);
    Tracker asked(Of(algorithm));
    Tracker asked_once(Of(algorithm));
    std::vector<Box> boxes(6);
    for (Box& box : boxes) box = {place(random), place(random), 40, 60};
    for (int frame = 0; frame < 200; ++frame) {
      const double seconds = frame / 5.0;
      std::vector<Detection> detections;
      for (Box& box : boxes) {
        box.left += place(random) / 100 - 2;
        if (random() % 8 != 0) detections.push_back({box, 0.3F + place(random) / 600, 0});
      }
      const auto a = asked.Update(seconds, detections);
      const auto b = asked_once.Update(seconds, detections);
      ASSERT_EQ(a.size(), b.size()) << frame;
      for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].id, b[i].id);
        EXPECT_EQ(a[i].detection.box.left, b[i].detection.box.left);
      }
      for (int between = 1; between < 5; ++between) {
        asked_once.Foresee(seconds + between / 25.0);
        for (int again = 0; again < 3; ++again) asked.Foresee(seconds + between / 25.0);
        const auto foreseen = asked.Foresee(seconds + between / 25.0);
        ASSERT_EQ(foreseen.size(), a.size()) << "none missed, none begun";
        for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(foreseen[i].id, a[i].id);
      }
    }
    EXPECT_EQ(asked.tracks_total(), asked_once.tracks_total());
  }
}

TEST(Foresee, BridgesATimeInWhichNobodyLookedButNoOutage) {
  for (const TrackAlgorithm algorithm : kAlgorithms) {
    SCOPED_TRACE(static_cast<int>(algorithm));
    for (const bool frames_came : {true, false}) {
      Tracker tracker(Of(algorithm));
      const std::vector<Detection> still = {{{100, 50, 40, 80}, 0.9F, 0}};
      double seconds = 0;
      for (int frame = 0; frame < 20; ++frame) tracker.Update(seconds = frame / 25.0, still);
      // Two seconds: longer than any tracker keeps what it misses.
      for (int frame = 0; frame < 50; ++frame) {
        seconds += 1 / 25.0;
        if (frames_came) tracker.Foresee(seconds);
      }
      seconds += 1 / 25.0;
      for (int frame = 0; frame < 5; ++frame) tracker.Update(seconds += 1 / 25.0, still);
      EXPECT_EQ(tracker.tracks_total(), frames_came ? 1 : 2);
    }
  }
}

TEST(Hold, HasNoTimePassForWhatIsTracked) {
  for (const TrackAlgorithm algorithm : kAlgorithms) {
    SCOPED_TRACE(static_cast<int>(algorithm));
    Tracker held(Of(algorithm));
    Tracker without(Of(algorithm));
    EXPECT_TRUE(held.Hold(0).empty());
    double seconds = 5;
    for (int frame = 0; frame < 60; ++frame) {
      const std::vector<Detection> detections = {
          {{100 + 2.0F * static_cast<float>(frame), 50, 40, 80}, 0.9F, 0}};
      const auto tracks = held.Update(seconds, detections);
      const auto others = without.Update(5 + frame / 25.0, detections);
      ASSERT_EQ(tracks.size(), others.size()) << frame;
      for (std::size_t i = 0; i < tracks.size(); ++i) {
        EXPECT_EQ(tracks[i].id, others[i].id);
        EXPECT_NEAR(tracks[i].detection.box.left, others[i].detection.box.left, 1e-3);
      }
      if (frame == 30) {
        for (int second = 0; second < 60; ++second) {
          const auto still = held.Hold(seconds += 1);
          ASSERT_EQ(still.size(), tracks.size());
          EXPECT_EQ(still[0].id, tracks[0].id);
          EXPECT_EQ(still[0].detection.box.left, tracks[0].detection.box.left);
        }
      }
      seconds += 1 / 25.0;
    }
  }
}

}  // namespace
}  // namespace jetfleet
