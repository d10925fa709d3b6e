#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "core/analytics/source_analytics.h"

namespace jetfleet {
namespace {

using Kind = AnalyticsEvent::Kind;

constexpr Size kPicture{200, 100};
constexpr double kKeep = 1;

/// Boxes of 4 × 10 pixels that stand at a point.
Track At(int id, double x, double y, float score = 0.9F, int label = 0) {
  const Box box{static_cast<float>(x) - 2, static_cast<float>(y) - 10, 4, 10};
  return {{box, score, label}, id};
}

AnalyticsOptions OneLine(PicturePoint from, PicturePoint to, double margin = 0.01) {
  AnalyticsOptions options;
  options.lines.push_back({"door", "", from, to, margin, {}});
  return options;
}

/// Across the middle from the left to the right edge; its right is below.
AnalyticsOptions Middle(double margin = 0.01) { return OneLine({0, 0.5}, {1, 0.5}, margin); }

/// The left half of the picture.
AnalyticsOptions LeftHalf() {
  AnalyticsOptions options;
  options.zones.push_back({"hall", "", {{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}, 0.02, 0, {}});
  return options;
}

/// Feeds frames of 0.1 s.
class World {
 public:
  explicit World(const AnalyticsOptions& options, const std::string& source = "cam")
      : analytics(options, std::make_shared<const std::string>(source)) {}

  void See(const std::vector<Track>& tracks) { SeeAt(seconds + 0.1, tracks); }
  void SeeAt(double at, const std::vector<Track>& tracks, Size picture = kPicture) {
    seconds = at;
    Take(analytics.Update({{at, 1000 * at + 5e6}, picture, tracks, labels, kKeep}));
  }
  void Take(std::vector<AnalyticsEvent> more) {
    for (AnalyticsEvent& event : more) events.push_back(std::move(event));
  }
  std::vector<Kind> kinds() const {
    std::vector<Kind> all;
    for (const AnalyticsEvent& event : events) all.push_back(event.kind);
    return all;
  }
  const LineFigures& line() const { return analytics.figures().lines[0]; }
  const ZoneFigures& zone() const { return analytics.figures().zones[0]; }

  const std::vector<std::string> labels = {"person", "car"};
  SourceAnalytics analytics;
  std::vector<AnalyticsEvent> events;
  double seconds = 0;
};

// --- lines

TEST(AnalyticsLine, CountsInFromTheLeftOfFromToToItsRightAndOutTheOtherWay) {
  World world(Middle());
  for (double y : {40.0, 48.0, 52.0, 60.0, 45.0}) world.See({At(7, 100, y)});
  EXPECT_EQ(world.line().in, 1U);
  EXPECT_EQ(world.line().out, 1U);
  ASSERT_EQ(world.kinds(), (std::vector<Kind>{Kind::kLineCrossed, Kind::kLineCrossed}));
  const AnalyticsEvent& in = world.events[0];
  EXPECT_EQ(in.direction, 1);
  EXPECT_EQ(in.track, 7);
  EXPECT_EQ(in.label, "person");
  EXPECT_EQ(in.place, "door");
  EXPECT_EQ(*in.source, "cam");
  EXPECT_DOUBLE_EQ(in.at.seconds, 0.1 + 0.1 + 0.1);
  EXPECT_DOUBLE_EQ(*in.at.captured_at_ms, 1000 * in.at.seconds + 5e6);
  EXPECT_EQ(world.events[1].direction, -1);
}

TEST(AnalyticsLine, CountsJitterOnTheLineOnceOrNotAtAll) {
  World back(Middle());
  World through(Middle());
  const std::vector<double> jitter = {40, 49.5, 50.4, 49.6, 50.5, 49.2, 50.7};
  for (double y : jitter) {
    back.See({At(1, 100, y)});
    through.See({At(1, 100, y)});
  }
  back.See({At(1, 100, 45)});
  through.See({At(1, 100, 55)});
  EXPECT_TRUE(back.events.empty());
  EXPECT_EQ(through.line().in, 1U);
  EXPECT_EQ(through.line().out, 0U);
}

TEST(AnalyticsLine, IsNotCrossedRoundAnEnd) {
  World world(OneLine({0.25, 0.5}, {0.75, 0.5}));
  // Down beside it, then up through it.
  for (const auto& [x, y] :
       std::vector<std::pair<double, double>>{{100, 40}, {20, 40}, {20, 60}, {100, 60}}) {
    world.See({At(1, x, y)});
  }
  EXPECT_TRUE(world.events.empty());
  world.See({At(1, 100, 40)});
  EXPECT_EQ(world.line().out, 1U);
  EXPECT_EQ(world.line().in, 0U);
}

TEST(AnalyticsLine, DoesNotCountWhereNobodySawTheObjectComeFrom) {
  World world(Middle());
  for (double y : {49.5, 50.5, 60.0}) world.See({At(1, 100, y)});
  EXPECT_TRUE(world.events.empty());
  world.See({At(1, 100, 40)});
  EXPECT_EQ(world.line().out, 1U);
}

TEST(AnalyticsLine, FollowsATrackOverFramesThatMissIt) {
  World world(Middle());
  world.See({At(1, 100, 40)});
  for (int i = 0; i < 8; ++i) world.See({});
  world.See({At(1, 100, 60)});
  EXPECT_EQ(world.line().in, 1U);
}

TEST(AnalyticsLine, ForgetsATrackThatTheTrackerHasGivenUp) {
  World world(Middle());
  world.See({At(1, 100, 40)});
  for (int i = 0; i < 12; ++i) world.See({});
  world.See({At(1, 100, 60)});
  EXPECT_TRUE(world.events.empty());
}

TEST(AnalyticsLine, IsOfTheSourceThatItNames) {
  AnalyticsOptions options = Middle();
  options.lines[0].source = "cam";
  World here(options, "cam");
  World there(options, "yard");
  for (World* world : {&here, &there}) {
    for (double y : {40.0, 60.0}) world->See({At(1, 100, y)});
  }
  EXPECT_EQ(here.line().in, 1U);
  EXPECT_EQ(there.line().in, 0U);
}

struct FilterRow {
  const char* name;
  ObjectFilter filter;
  std::uint64_t in;
};

TEST(AnalyticsFilter, HoldsLabelScoreAndSizeAgainstAnObject) {
  // The box is 4 × 10 of 200 × 100 pixels: 0.002 of the picture.
  const std::vector<FilterRow> rows = {
      {"none", {}, 1},
      {"its label", {{"car", "person"}, 0, 0, {}}, 1},
      {"another label", {{"car"}, 0, 0, {}}, 0},
      {"a score that it had once", {{}, 0.8, 0, {}}, 1},
      {"a score that it never had", {{}, 0.95, 0, {}}, 0},
      {"large enough", {{}, 0, 0.0019, {}}, 1},
      {"too small", {{}, 0, 0.0021, {}}, 0},
      {"small enough", {{}, 0, 0, 0.0021}, 1},
      {"too large", {{}, 0, 0, 0.0019}, 0},
  };
  for (const FilterRow& row : rows) {
    AnalyticsOptions options = Middle();
    options.lines[0].filter = row.filter;
    World world(options);
    world.See({At(1, 100, 30, 0.9F)});
    world.See({At(1, 100, 40, 0.5F)});
    world.See({At(1, 100, 60, 0.5F)});
    EXPECT_EQ(world.line().in, row.in) << row.name;
  }
}

// --- against brute force

/// Whether the open segments a-b and c-d meet, by orientations alone.
double Orientation(const Point& a, const Point& b, const Point& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}
bool Meet(const Point& a, const Point& b, const Point& c, const Point& d) {
  return Orientation(a, b, c) * Orientation(a, b, d) < 0 &&
         Orientation(c, d, a) * Orientation(c, d, b) < 0;
}

TEST(AnalyticsLine, OfAnyPathCountsTheLegsThatMeetItWithoutAMargin) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> share(0.02, 0.98);
  for (int round = 0; round < 300; ++round) {
    const PicturePoint from{share(random), share(random)};
    const PicturePoint to{share(random), share(random)};
    World world(OneLine(from, to, 0));
    World mirrored(OneLine(to, from, 0));
    const Point a = PointOf(from, kPicture);
    const Point b = PointOf(to, kPicture);
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    std::optional<Point> last;
    for (int step = 0; step < 40; ++step) {
      const Track track = At(1, 200 * share(random), 100 * share(random));
      const Point now = AnchorOf(track.detection.box, kPicture);
      if (last && Meet(a, b, *last, now)) ++(Orientation(a, b, now) > 0 ? in : out);
      last = now;
      world.See({track});
      mirrored.See({track});
    }
    ASSERT_EQ(world.line().in, in) << round;
    ASSERT_EQ(world.line().out, out) << round;
    ASSERT_EQ(mirrored.line().in, out) << "a line turned round turns its directions round";
    ASSERT_EQ(mirrored.line().out, in);
  }
}

TEST(AnalyticsLine, InAndOutTakeTurnsOnALineAcrossThePicture) {
  std::mt19937 random(4);
  std::normal_distribution<double> step(0, 4);
  for (int round = 0; round < 100; ++round) {
    World world(Middle(0.03));
    double y = 50 + 10 * step(random);
    for (int i = 0; i < 200; ++i) world.See({At(1, 100, y += step(random))});
    int before = 0;
    for (const AnalyticsEvent& event : world.events) {
      EXPECT_NE(event.direction, before);
      before = event.direction;
    }
  }
}

// --- zones

TEST(AnalyticsZone, TellsAVisitFromEntryThroughUpdatesToExit) {
  AnalyticsOptions options = LeftHalf();
  options.update_seconds = 1;
  World world(options);
  world.See({At(3, 120, 50, 0.5F)});
  for (int i = 0; i < 25; ++i) world.See({At(3, 80, 50, i == 7 ? 0.95F : 0.6F)});
  EXPECT_EQ(world.zone().occupancy, 1U);
  world.See({At(3, 120, 50)});
  ASSERT_EQ(world.kinds(), (std::vector<Kind>{Kind::kZoneEntered, Kind::kZoneStayed,
                                              Kind::kZoneStayed, Kind::kZoneLeft}));
  const AnalyticsEvent& left = world.events.back();
  EXPECT_NEAR(left.dwell_seconds, 2.5, 1e-9);
  EXPECT_EQ(left.end, VisitEnd::kLeft);
  EXPECT_NEAR(left.best_score, 0.95, 1e-6);
  EXPECT_NEAR(left.best_at.seconds, 0.1 + 0.1 + 0.7, 1e-9);
  for (const AnalyticsEvent& event : world.events) EXPECT_EQ(event.id, 1U);
  EXPECT_EQ(world.zone().occupancy, 0U);
  EXPECT_EQ(world.zone().entered, 1U);
  EXPECT_EQ(world.zone().left, 1U);
  EXPECT_NEAR(world.zone().dwell_seconds, 2.5, 1e-9);
}

TEST(AnalyticsZone, IsNotLeftByJitterOnItsBorder) {
  World world(LeftHalf());
  for (double x : {120.0, 99.0, 101.0, 99.5, 101.5, 98.0}) world.See({At(1, x, 50)});
  EXPECT_EQ(world.kinds(), (std::vector<Kind>{Kind::kZoneEntered}));
}

TEST(AnalyticsZone, IsNotEnteredByWhoIsThereTooShort) {
  AnalyticsOptions options = LeftHalf();
  options.zones[0].min_dwell_seconds = 0.45;
  World world(options);
  for (int i = 0; i < 4; ++i) world.See({At(1, 80, 50)});
  world.See({At(1, 120, 50)});
  EXPECT_TRUE(world.events.empty());
  for (int i = 0; i < 7; ++i) world.See({At(1, 80, 50)});
  ASSERT_EQ(world.kinds(), (std::vector<Kind>{Kind::kZoneEntered}));
  EXPECT_NEAR(world.events[0].dwell_seconds, 0.5, 1e-9);
}

TEST(AnalyticsZone, EndsTheVisitOfALostTrackWhenTheTrackerGivesItUp) {
  World world(LeftHalf());
  for (int i = 0; i < 5; ++i) world.See({At(1, 80, 50)});
  for (int i = 0; i < 10; ++i) world.See({});
  EXPECT_EQ(world.zone().occupancy, 1U);
  world.See({});
  ASSERT_EQ(world.kinds(), (std::vector<Kind>{Kind::kZoneEntered, Kind::kZoneLeft}));
  EXPECT_EQ(world.events[1].end, VisitEnd::kLost);
  EXPECT_NEAR(world.events[1].at.seconds, 0.5, 1e-9);
  EXPECT_NEAR(world.events[1].dwell_seconds, 0.4, 1e-9);
  EXPECT_EQ(world.zone().occupancy, 0U);
}

TEST(AnalyticsZone, BeginsAnewWhenTimeJumpsBackOrThePictureChanges) {
  World back(LeftHalf());
  back.SeeAt(100, {At(1, 80, 50)});
  back.SeeAt(3, {});
  ASSERT_EQ(back.events.size(), 2U);
  EXPECT_EQ(back.events[1].end, VisitEnd::kCut);
  EXPECT_EQ(back.events[1].dwell_seconds, 0);
  World size(LeftHalf());
  size.SeeAt(1, {At(1, 80, 50)});
  size.SeeAt(1.1, {At(2, 80, 50)}, {100, 100});
  ASSERT_EQ(size.kinds(), (std::vector<Kind>{Kind::kZoneEntered, Kind::kZoneLeft}));
}

TEST(AnalyticsZone, GivesUpWhatAJumpForwardLeftBehindAndCountsNoDwellForIt) {
  World world(LeftHalf());
  for (int i = 0; i < 5; ++i) world.See({At(1, 80, 50)});
  world.SeeAt(5000, {At(2, 80, 50)});
  ASSERT_EQ(world.kinds(),
            (std::vector<Kind>{Kind::kZoneEntered, Kind::kZoneEntered, Kind::kZoneLeft}));
  EXPECT_NEAR(world.zone().dwell_seconds, 0.4, 1e-9);
}

TEST(AnalyticsZone, EndsAllVisitsWithTheSourceAndOnceOnly) {
  World world(LeftHalf());
  world.See({At(1, 80, 50), At(2, 60, 50)});
  world.Take(world.analytics.End(VisitEnd::kSourceEnded));
  world.Take(world.analytics.End(VisitEnd::kSourceEnded));
  EXPECT_EQ(world.events.size(), 4U);
  EXPECT_EQ(world.zone().occupancy, 0U);
  EXPECT_EQ(world.zone().left, 2U);
}

TEST(AnalyticsZone, ContainsWhatHasAnOddNumberOfWindings) {
  // A star that crosses nothing: an L.
  const Polygon corner({{0, 0}, {2, 0}, {2, 1}, {1, 1}, {1, 2}, {0, 2}});
  std::mt19937 random(5);
  std::uniform_real_distribution<double> place(-0.5, 2.5);
  for (int i = 0; i < 2000; ++i) {
    const Point point{place(random), place(random)};
    const bool inside =
        point.x > 0 && point.y > 0 && point.x < 2 && point.y < 2 && (point.x < 1 || point.y < 1);
    ASSERT_EQ(corner.Contains(point), inside) << point.x << " " << point.y;
  }
  EXPECT_NEAR(corner.Distance({1.5, 1.5}), 0.5, 1e-12);
  EXPECT_NEAR(corner.Distance({3, 2}), std::sqrt(2.0), 1e-12);
}

TEST(AnalyticsZone, EveryEntryHasOneExitWhateverTracksDo) {
  std::mt19937 random(6);
  std::uniform_real_distribution<double> share(0, 1);
  for (int round = 0; round < 30; ++round) {
    AnalyticsOptions options = LeftHalf();
    options.zones.push_back({"corner", "", {{0.3, 0.3}, {0.9, 0.4}, {0.6, 0.9}}, 0.02, 0.25, {}});
    options.update_seconds = 0.3;
    World world(options);
    for (int frame = 0; frame < 200; ++frame) {
      std::vector<Track> tracks;
      for (int id = 1; id <= 12; ++id) {
        if (share(random) < 0.7) tracks.push_back(At(id, 200 * share(random), 100 * share(random)));
      }
      const double step = share(random) < 0.02 ? 20 * (share(random) - 0.5) : 0.1;
      world.SeeAt(world.seconds + step, tracks);
    }
    world.Take(world.analytics.End(VisitEnd::kSourceEnded));
    std::map<std::uint64_t, Kind> open;
    for (const AnalyticsEvent& event : world.events) {
      if (event.kind == Kind::kZoneEntered) {
        ASSERT_EQ(open.count(event.id), 0U);
        open[event.id] = event.kind;
      } else {
        ASSERT_EQ(open.count(event.id), 1U) << "an update or end of what is not open";
        ASSERT_GE(event.dwell_seconds, 0);
        if (event.kind == Kind::kZoneLeft) open.erase(event.id);
      }
    }
    EXPECT_TRUE(open.empty());
    for (const ZoneFigures& zone : world.analytics.figures().zones) {
      EXPECT_GT(zone.entered, 0U);
      EXPECT_EQ(zone.entered, zone.left);
      EXPECT_EQ(zone.occupancy, 0U);
    }
  }
}

TEST(Analytics, CutsObjectsAndVisitsBeyondItsRoomAndCountsThem) {
  AnalyticsOptions options = LeftHalf();
  options.zones.push_back(options.zones[0]);
  World world(options);
  std::vector<Track> crowd;
  for (int id = 1; id <= 300; ++id) crowd.push_back(At(id, 50, 50));
  world.See(crowd);
  EXPECT_EQ(world.analytics.figures().objects_cut, 300 - SourceAnalytics::kMostObjects);
  EXPECT_EQ(world.zone().occupancy, SourceAnalytics::kMostObjects);
  EXPECT_EQ(world.events.size(), SourceAnalytics::kMostVisits);
  EXPECT_EQ(world.analytics.figures().visits_cut,
            2 * SourceAnalytics::kMostObjects - SourceAnalytics::kMostVisits);
  world.Take(world.analytics.End(VisitEnd::kSourceEnded));
  EXPECT_EQ(world.events.size(), 2 * SourceAnalytics::kMostVisits);
  EXPECT_EQ(world.zone().left, SourceAnalytics::kMostObjects);
}

TEST(Analytics, LooksPastBoxesThatAreNoNumbers) {
  World world(Middle());
  world.See({At(1, 100, 40)});
  world.See({At(1, 100, std::nan(""))});
  world.See({At(1, 100, 60)});
  EXPECT_EQ(world.line().in, 1U);
}

}  // namespace
}  // namespace jetfleet
