#include <gtest/gtest.h>

#include <random>
#include <set>

#include "trackers.h"

namespace jetfleet {
namespace {

constexpr double kFrame = 0.04;

/// Frames at 25 a second, unless a test says when.
class Frames : public Tracker {
 public:
  Frames() : Tracker({}) {}
  std::vector<Track> See(const std::vector<Detection>& detections) {
    return Update(kFrame * frame_++, detections);
  }

 private:
  int frame_ = 0;
};

Detection Seen(float left, float score = 0.9F, int label = 0) {
  return {{left, 100, 40, 80}, score, label};
}

TEST(ByteTrack, KeepsTheIdOfAMovingObject) {
  Frames tracker;
  for (int frame = 0; frame < 50; ++frame) {
    const auto tracks = tracker.See({Seen(5.0F * static_cast<float>(frame))});
    ASSERT_EQ(tracks.size(), 1U);
    EXPECT_EQ(tracks[0].id, 1);
  }
  EXPECT_EQ(tracker.tracks_total(), 1);
}

TEST(ByteTrack, FollowsAnObjectThroughLowScores) {
  Frames tracker;
  for (int frame = 0; frame < 40; ++frame) {
    const bool half_hidden = frame >= 10 && frame < 20;
    const auto tracks =
        tracker.See({Seen(3.0F * static_cast<float>(frame), half_hidden ? 0.2F : 0.9F)});
    ASSERT_EQ(tracks.size(), 1U) << "frame " << frame;
    EXPECT_EQ(tracks[0].id, 1);
  }
}

TEST(ByteTrack, NeverStartsATrackOnALowScore) {
  Frames tracker;
  for (int frame = 0; frame < 10; ++frame) EXPECT_TRUE(tracker.See({Seen(0, 0.5F)}).empty());
}

TEST(ByteTrack, FindsALostObjectAgainWithinTheBuffer) {
  Frames tracker;
  for (int frame = 0; frame < 60; ++frame) {
    const bool hidden = frame >= 20 && frame < 40;
    const auto tracks =
        tracker.See(hidden ? std::vector<Detection>{}
                           : std::vector<Detection>{Seen(static_cast<float>(frame))});
    EXPECT_EQ(tracks.size(), hidden ? 0U : 1U) << "frame " << frame;
    if (!hidden) {
      EXPECT_EQ(tracks[0].id, 1);
    }
  }
}

TEST(ByteTrack, GivesANewIdAfterTheBuffer) {
  Frames tracker;
  for (int frame = 0; frame < 5; ++frame) tracker.See({Seen(0)});
  for (int frame = 0; frame < 40; ++frame) tracker.See({});
  tracker.See({Seen(0)});
  const auto tracks = tracker.See({Seen(0)});
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].id, 2);
}

TEST(ByteTrack, ReportsANewObjectOnlyWhenSeenTwice) {
  Frames tracker;
  tracker.See({});
  EXPECT_TRUE(tracker.See({Seen(0)}).empty());
  EXPECT_EQ(tracker.See({Seen(1)}).size(), 1U);
  EXPECT_TRUE(tracker.See({}).empty());
  EXPECT_TRUE(tracker.See({Seen(500)}).empty());
  EXPECT_TRUE(tracker.See({}).empty());
  EXPECT_TRUE(tracker.See({Seen(502)}).empty()) << "seen once, missed once: forgotten";
  EXPECT_EQ(tracker.tracks_total(), 1);
}

TEST(ByteTrack, DoesNotMixLabels) {
  Frames tracker;
  tracker.See({Seen(0, 0.9F, 0), Seen(0, 0.9F, 7)});
  const auto tracks = tracker.See({Seen(2, 0.9F, 7), Seen(1, 0.9F, 0)});
  ASSERT_EQ(tracks.size(), 2U);
  EXPECT_EQ(tracks[0].id, 1);
  EXPECT_EQ(tracks[0].detection.label, 0);
  EXPECT_EQ(tracks[1].detection.label, 7);
}

TEST(ByteTrack, KeepsIdsWhenObjectsCross) {
  Frames tracker;
  std::set<int> ids;
  for (int frame = 0; frame < 60; ++frame) {
    const float step = 6.0F * static_cast<float>(frame);
    const Detection right{{step, 100, 40, 80}, 0.9F, 0};
    const Detection left{{360 - step, 130, 40, 80}, 0.85F, 0};
    const auto tracks = tracker.See({left, right});
    for (const Track& track : tracks) {
      ids.insert(track.id);
      if (frame == 59) {
        EXPECT_EQ(track.detection.box.left > 180, track.id == 2);
      }
    }
  }
  EXPECT_EQ(ids.size(), 2U);
}

struct Followed {
  int ids = 0;
  /// Updates in which it was not told.
  int unseen = 0;
};

/// One object that crosses at `speed` pixels a second while 1 to 4 updates are missing between any
/// two.
Followed FollowWhileUpdatesAreMissing(double speed, unsigned seed, bool tell_time) {
  std::mt19937 random(seed);
  Tracker tracker({});
  Followed followed;
  int updates = 0;
  for (int frame = 0; frame < 250; frame += 2 + static_cast<int>(random() % 4)) {
    const double seconds = kFrame * frame;
    const auto tracks = tracker.Update(tell_time ? seconds : kFrame * updates++,
                                       {Seen(static_cast<float>(speed * seconds))});
    if (tracks.empty()) ++followed.unseen;
  }
  followed.ids = tracker.tracks_total();
  return followed;
}

TEST(ByteTrack, KeepsTheIdOfAnObjectWhileUpdatesAreMissing) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    for (const double speed : {50.0, 100.0, 150.0}) {
      EXPECT_EQ(FollowWhileUpdatesAreMissing(speed, seed, true).ids, 1)
          << speed << " pixels a second";
    }
  }
}

TEST(ByteTrack, LosesFastObjectsSeldomerForKnowingTheTime) {
  Followed with_time;
  Followed without;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    for (const double speed : {200.0, 250.0}) {
      for (const bool tell_time : {true, false}) {
        const Followed followed = FollowWhileUpdatesAreMissing(speed, seed, tell_time);
        Followed& sum = tell_time ? with_time : without;
        sum.ids += followed.ids;
        sum.unseen += followed.unseen;
      }
    }
  }
  EXPECT_LT(with_time.ids, 80) << "of 40 objects";
  EXPECT_LT(with_time.unseen * 10, without.unseen) << with_time.unseen << " " << without.unseen;
}

TEST(ByteTrack, ForgetsInAnOutageEvenWhoStandsWhereTheOtherStood) {
  for (const double outage : {1.5, 6.0, 18.0}) {
    Tracker tracker({});
    for (int frame = 0; frame < 50; ++frame) tracker.Update(kFrame * frame, {Seen(0)});
    for (int frame = 0; frame < 3; ++frame) {
      tracker.Update(kFrame * 50 + outage + kFrame * frame, {Seen(0)});
    }
    EXPECT_EQ(tracker.tracks_total(), 2) << outage << " s";
  }
}

TEST(ByteTrack, KeepsALostObjectForSecondsHoweverOftenFramesCome) {
  for (const double interval : {1.0 / 30, 1.0 / 10, 1.0 / 5}) {
    for (const double away : {1.2, 2.0}) {
      Tracker tracker{TrackerOptions{}};
      for (int frame = 0; frame < 20; ++frame) tracker.Update(interval * frame, {Seen(0)});
      const double back = interval * 19 + away;
      for (double now = interval * 20; now < back; now += interval) tracker.Update(now, {});
      for (int frame = 0; frame < 5; ++frame) {
        tracker.Update(back + interval * frame, {Seen(0)});
      }
      EXPECT_EQ(tracker.tracks_total(), away < 1.5 ? 1 : 2) << interval << " s, away " << away;
    }
  }
}

TEST(ByteTrack, FollowsWhereAPictureComesEverySevenSeconds) {
  Tracker tracker({});
  std::set<int> ids;
  for (int frame = 0; frame < 40; ++frame) {
    for (const Track& track : tracker.Update(7.0 * frame, {Seen(static_cast<float>(frame))})) {
      ids.insert(track.id);
    }
  }
  EXPECT_LE(ids.size(), 2U) << "the first interval is not known to be the usual one";
}

TEST(ByteTrack, BearsTimesThatStandStillOrGoBack) {
  Tracker tracker({});
  for (const double seconds : {0.0, 0.0, 0.04, 0.02, 0.02, 0.08}) {
    const auto tracks = tracker.Update(seconds, {Seen(0)});
    ASSERT_EQ(tracks.size(), 1U);
    EXPECT_EQ(tracks[0].detection.box.left, 0);
  }
}

TEST(ByteTrack, ForgetsWhenToldAndGoesOnCounting) {
  Frames tracker;
  for (int frame = 0; frame < 5; ++frame) tracker.See({Seen(0)});
  tracker.Forget();
  tracker.See({Seen(0)});
  const auto tracks = tracker.See({Seen(0)});
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].id, 2);
}

TEST(Trackers, FollowTwoLabelsApartAndForgetInAnOutage) {
  for (const TrackAlgorithm algorithm : kAlgorithms) {
    Tracker tracker(Of(algorithm));
    std::vector<Track> tracks;
    for (int frame = 0; frame < 50; ++frame) {
      const float at = 2.0F * static_cast<float>(frame);
      tracks = tracker.Update(kFrame * frame, {Seen(at, 0.9F, 0), Seen(at, 0.9F, 7)});
    }
    ASSERT_EQ(tracks.size(), 2U) << static_cast<int>(algorithm);
    EXPECT_EQ(tracker.tracks_total(), 2);
    EXPECT_NEAR(tracks[0].detection.box.left, 98, 1);
    for (int frame = 0; frame < 6; ++frame) {
      tracks = tracker.Update(60 + kFrame * frame, {Seen(98, 0.9F, 0)});
    }
    ASSERT_EQ(tracks.size(), 1U);
    EXPECT_EQ(tracks[0].id, 3);
  }
}

TEST(Trackers, BearTimesThatStandStillAndBoxesWithoutArea) {
  for (const TrackAlgorithm algorithm : kAlgorithms) {
    Tracker tracker(Of(algorithm));
    for (const double seconds : {0.0, 0.0, -3.0, 0.04, 0.04, 0.08}) {
      const auto tracks = tracker.Update(seconds, {{{10, 10, 0, 0}, 0.9F, 0}, Seen(50)});
      EXPECT_LE(tracks.size(), 1U) << static_cast<int>(algorithm);
    }
  }
}

/// Ids of an object that walks, is hidden for `hidden` frames, and comes out where its way led or,
/// when it stood still meanwhile, where it went in.
int IdsOfAHidden(TrackAlgorithm algorithm, int hidden, bool stands) {
  Tracker tracker(Of(algorithm));
  int frame = 0;
  float at = 0;
  const auto walk = [&](int frames) {
    for (int i = 0; i < frames; ++i) tracker.Update(kFrame * frame++, {Seen(at += 4)});
  };
  walk(30);
  for (int i = 0; i < hidden; ++i) tracker.Update(kFrame * frame++, {});
  if (!stands) at += 4.0F * static_cast<float>(hidden);
  walk(30);
  return tracker.tracks_total();
}

TEST(Trackers, FindAHiddenObjectAgainAsTheyAreMeantTo) {
  EXPECT_EQ(IdsOfAHidden(TrackAlgorithm::kByteTrack, 20, false), 1);
  EXPECT_EQ(IdsOfAHidden(TrackAlgorithm::kOcSort, 20, false), 1);
  EXPECT_EQ(IdsOfAHidden(TrackAlgorithm::kSort, 20, false), 2) << "two frames are all it keeps";
  EXPECT_EQ(IdsOfAHidden(TrackAlgorithm::kIou, 20, false), 2);
  EXPECT_EQ(IdsOfAHidden(TrackAlgorithm::kOcSort, 20, true), 1) << "where it was last seen";
  EXPECT_EQ(IdsOfAHidden(TrackAlgorithm::kSort, 1, false), 1);
}

TEST(Trackers, FollowAnObjectThatGetsFasterByItsMotionOrLoseIt) {
  const auto told_last = [](TrackAlgorithm algorithm) {
    Tracker tracker(Of(algorithm));
    std::vector<Track> tracks;
    float at = 0;
    for (int frame = 0; frame < 40; ++frame) {
      tracks = tracker.Update(kFrame * frame, {Seen(at += static_cast<float>(frame))});
    }
    return tracks;
  };
  for (const auto algorithm : {TrackAlgorithm::kSort, TrackAlgorithm::kOcSort}) {
    const auto tracks = told_last(algorithm);
    ASSERT_EQ(tracks.size(), 1U);
    EXPECT_EQ(tracks[0].id, 1);
  }
  EXPECT_TRUE(told_last(TrackAlgorithm::kIou).empty()) << "too little of it stays where it was";
}

TEST(ByteTrack, IsDeterministicAndBoundedOnNoise) {
  const auto run = [] {
    std::mt19937 random(9);
    std::vector<Track> all;
    Frames tracker;
    for (int frame = 0; frame < 120; ++frame) {
      std::vector<Detection> detections;
      for (int i = 0; i < 30; ++i) {
        detections.push_back(
            {{static_cast<float>(random() % 500), static_cast<float>(random() % 300),
              static_cast<float>(random() % 60), static_cast<float>(random() % 90)},
             static_cast<float>(random() % 100) / 100,
             static_cast<int>(random() % 2)});
      }
      const auto tracks = tracker.See(detections);
      EXPECT_LE(tracks.size(), 30U);
      all.insert(all.end(), tracks.begin(), tracks.end());
    }
    return all;
  };
  const auto first = run();
  const auto second = run();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].id, second[i].id);
    EXPECT_EQ(first[i].detection.box.left, second[i].detection.box.left);
  }
}

}  // namespace
}  // namespace jetfleet
