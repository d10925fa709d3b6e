#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>

#include "core/infer/frame_gate.h"
#include "core/infer/motion_gate.h"
#include "made_source.h"
#include "world.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

constexpr Size kSize{192, 108};

/// A street without its objects: some texture, bright above and dark below.
std::uint8_t Backdrop(int x, int y) {
  return static_cast<std::uint8_t>(150 - y / 3 + (x / 12 % 2 + y / 9 % 2) * 20);
}

/// A made camera: pictures with noise of its sensor.
class Camera {
 public:
  explicit Camera(double noise) : noise_(noise) {}

  /// Changes the samples of the picture, before the noise.
  using Draw = std::function<int(int x, int y, int luma)>;
  FramePtr Take(int number, const Draw& draw) {
    SurfaceDesc desc;
    desc.format = PixelFormat::kGray;
    desc.coded = kSize;
    desc.visible = {0, 0, kSize.width, kSize.height};
    desc.planes[0] = {0, 0, kSize.width};
    const BufferRef buffer = MakeHostBuffer(static_cast<std::size_t>(kSize.width * kSize.height));
    std::uint8_t* to = buffer->MapToHost(0);
    for (int y = 0; y < kSize.height; ++y) {
      for (int x = 0; x < kSize.width; ++x) {
        const double luma = draw(x, y, Backdrop(x, y)) + noise_ * NextNoise();
        *to++ = static_cast<std::uint8_t>(std::clamp(std::lround(luma), 0L, 255L));
      }
    }
    auto frame = std::make_unique<Frame>();
    frame->result.pts_ms = 40.0 * number;
    frame->result.size = kSize;
    frame->surface = std::make_shared<const Surface>(desc, buffer);
    return frame;
  }

 private:
  double NextNoise() {
    if (next_ == noises_.size()) {
      if (noises_.empty()) {
        std::normal_distribution<double> normal;
        noises_.resize(1 << 16);
        for (double& noise : noises_) noise = normal(random_);
      }
      next_ = random_() % 1024;
    }
    return noises_[next_++];
  }

  const double noise_;
  std::mt19937 random_{7};
  std::vector<double> noises_;
  std::size_t next_ = 0;
};

const Camera::Draw kNothing = [](int, int, int luma) { return luma; };

/// An object 12 × 24 pixels, so many grey levels brighter, at so many pixels from the left.
Camera::Draw ObjectAt(double left, int levels = 50) {
  return [=](int x, int y, int luma) {
    return x >= left && x < left + 12 && y >= 60 && y < 84 ? luma + levels : luma;
  };
}

/// Of each of these pictures behind 40 of nothing: is it looked at? Nothing is kept alive.
struct Watched {
  int looked = 0;
  /// The first, from 0; -1: none.
  int first = -1;
};
using Regions = std::shared_ptr<const std::vector<Region>>;
Watched Watch(double noise, int pictures, const std::function<Camera::Draw(int)>& draw_of,
              const Regions& regions = nullptr) {
  Camera camera(noise);
  FrameGate gate;
  gate.WatchMotion({0.001, std::chrono::hours(1)});
  constexpr int kBefore = 40;
  int looked_before = 0;
  for (int number = 0; number < kBefore; ++number) {
    const auto frame = camera.Take(number, kNothing);
    frame->regions = regions;
    if (gate.Look(*frame, 1) == Skip::kNo) ++looked_before;
  }
  EXPECT_LE(looked_before, 9) << "what nothing is like is learnt from 8 pictures";
  Watched watched;
  for (int number = 0; number < pictures; ++number) {
    const auto frame = camera.Take(kBefore + number, draw_of(number));
    frame->regions = regions;
    if (gate.Look(*frame, 1) != Skip::kNo) continue;
    ++watched.looked;
    if (watched.first < 0) watched.first = number;
  }
  return watched;
}

TEST(Motion, IsWhatChangesBeyondNoiseAndLight) {
  struct Case {
    const char* what;
    double noise;
    int pictures;
    std::function<Camera::Draw(int)> draw;
    int least;
    int most;
    /// The latest at which the first is looked at.
    int first;
  };
  const auto nothing = [](int) { return kNothing; };
  for (const Case& one : std::vector<Case>{
           {"a still picture", 0, 60, nothing, 0, 0, -1},
           {"a camera by day", 2, 60, nothing, 0, 0, -1},
           {"a camera at night", 8, 60, nothing, 0, 0, -1},
           {"light that grows by half a level a picture", 2, 60,
            [](int number) { return [=](int, int, int luma) { return luma + number / 2; }; }, 0, 0,
            -1},
           {"light that is there at once", 2, 60,
            [](int) { return [](int, int, int luma) { return luma * 3 / 2; }; }, 1, 2, 0},
           {"an object that walks", 2, 60, [](int number) { return ObjectAt(20 + 2.0 * number); },
            10, 60, 0},
           {"an object that walks at night", 8, 60,
            [](int number) { return ObjectAt(20 + 2.0 * number, 90); }, 10, 60, 1},
           {"an object that creeps, a pixel in eight pictures", 2, 120,
            [](int number) { return ObjectAt(20 + number / 8.0); }, 3, 60, 0},
           {"an object that comes out of the mist, half a level a picture", 2, 120,
            [](int number) { return ObjectAt(150, number / 2); }, 2, 20, 40},
           {"an object that comes and stays", 2, 60, [](int) { return ObjectAt(150); }, 1, 1, 0},
           {"a single pixel that is faulty now", 2, 60,
            [](int) {
              return [](int x, int y, int luma) { return x / 2 == 60 && y / 2 == 40 ? 255 : luma; };
            },
            0, 0, -1},
           {"a camera that is turned", 2, 60,
            [](int number) {
              return [=](int x, int y, int) { return int{Backdrop(x + 3 * number, y)}; };
            },
            55, 60, 1},
       }) {
    const Watched watched = Watch(one.noise, one.pictures, one.draw);
    EXPECT_GE(watched.looked, one.least) << one.what;
    EXPECT_LE(watched.looked, one.most) << one.what;
    EXPECT_LE(watched.first, one.first) << one.what;
  }
}

TEST(Motion, IsLookedForInTheRegionsOfAPictureAlone) {
  // The right two thirds and the upper left corner: an object stands at 60 to 84 from above.
  const auto regions = std::make_shared<const std::vector<Region>>(
      std::vector<Region>{{1.0 / 3, 0, 2.0 / 3, 1}, {0, 0, 0.25, 0.4}});
  const auto walks = [](double from, double step) {
    return [=](int number) { return ObjectAt(from + step * number); };
  };
  const Watched beside = Watch(2, 60, walks(0, 0.5), regions);
  EXPECT_EQ(beside.looked, 0) << "nothing is seen there";
  EXPECT_GE(Watch(2, 60, walks(0, 0.5)).looked, 10) << "in the whole picture it is";
  const Watched within = Watch(2, 60, walks(80, 1), regions);
  EXPECT_GE(within.looked, 10);
  EXPECT_EQ(within.first, 0);
  // It comes into the region at 64, with its 12 pixels ahead.
  const Watched comes = Watch(2, 60, walks(20, 1), regions);
  EXPECT_GE(comes.first, 64 - 12 - 20);
  EXPECT_LE(comes.first, 64 - 12 - 20 + 4);
}

TEST(Motion, OfARegionIsAShareOfThatRegionAndLightIsItsOwn) {
  const auto regions = std::make_shared<const std::vector<Region>>(
      std::vector<Region>{{0, 0, 0.5, 1}, {0.75, 0.5, 0.25, 0.5}});
  const auto lamp = [](int) {
    return [](int x, int, int luma) { return x < kSize.width / 2 ? luma + 40 : luma; };
  };
  EXPECT_EQ(Watch(2, 60, lamp, regions).looked, 0) << "one region is brighter all over";
  EXPECT_GE(Watch(2, 60, lamp).looked, 1) << "half of the picture is";
  // Half a percent of the picture, a twelfth of the region.
  const auto small = [](int number) {
    return [=](int x, int y, int luma) {
      return number % 2 == 0 && x >= 160 && x < 170 && y >= 70 && y < 80 ? luma + 60 : luma;
    };
  };
  EXPECT_GE(Watch(2, 60, small, regions).looked, 30);
}

TEST(Motion, LearnsTheNoiseOfTheCamera) {
  for (const double noise : {0.0, 1.0, 4.0, 10.0}) {
    Camera camera(noise);
    MotionGate gate(0.001);
    for (int number = 0; number < 20; ++number) {
      const auto frame = camera.Take(number, kNothing);
      SurfaceView view;
      ASSERT_TRUE(frame->surface->MapToHost(&view).ok());
      gate.Differs(view);
      if (number < 6) {
        EXPECT_EQ(gate.noise(), 0) << "not known yet";
      }
    }
    // Of the mean of four samples, from picture to picture.
    EXPECT_NEAR(gate.noise(), noise * std::sqrt(2.0) / 2, 0.1 * noise + 0.25);
  }
}

TEST(Motion, KeepsAliveByTheSourcesTimeAndLooksAtWhatWasLost) {
  Camera camera(2);
  FrameGate gate;
  gate.WatchMotion({0.001, milliseconds(400)});
  std::vector<int> looked;
  for (int number = 0; number < 100; ++number) {
    if (number == 61) gate.Lost();
    if (number == 64) gate.set_objects_move(true);
    if (number == 67) gate.set_objects_move(false);
    if (gate.Look(*camera.Take(number, kNothing), 1) == Skip::kNo) looked.push_back(number);
  }
  looked.erase(looked.begin(),
               std::find_if(looked.begin(), looked.end(), [](int number) { return number >= 28; }));
  EXPECT_EQ(looked, (std::vector<int>{37, 47, 57, 61, 64, 65, 66, 76, 86, 96}));
}

TEST(Motion, IsLookedForInEveryNthPictureOnly) {
  Camera camera(0);
  FrameGate gate;
  gate.WatchMotion({0.001, std::chrono::hours(1)});
  std::array<int, kSkips> counts{};
  for (int number = 0; number < 90; ++number) {
    const auto skip = gate.Look(*camera.Take(number, number < 60 ? kNothing : ObjectAt(number)), 3);
    ++counts.at(static_cast<std::size_t>(skip));
  }
  // 8 of three each until the noise is known; then each is waited for.
  EXPECT_EQ(counts[static_cast<std::size_t>(Skip::kNo)], 8 + 10);
  EXPECT_GT(counts[static_cast<std::size_t>(Skip::kStill)], 20);
}

TEST(Motion, OfAStillSourceHasItsTracksStay) {
  const auto device = std::make_shared<FakeDevice>();
  PipelineOptions options;
  options.sources = {Made("door", false)};
  options.stats_interval = milliseconds(20);
  options.batch = milliseconds(2);
  options.motion = MotionOptions{0.001, milliseconds(4000)};
  options.analytics.emplace();
  ZoneOptions all;
  all.name = "all";
  all.points = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
  options.analytics->zones = {all};
  Recorder recorder;
  Pipeline pipeline(options, FakeModelOn(device), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor(
      [](const Seen& seen) { return seen.frames.size() >= 2000 && !seen.stats.empty(); }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  std::uint64_t next = 0;
  int still = 0;
  for (const FrameResult& frame : seen.frames) {
    ASSERT_EQ(frame.id.index, next++);
    EXPECT_NE(frame.skip, Skip::kInterval);
    still += frame.skip == Skip::kStill ? 1 : 0;
    ASSERT_EQ(frame.tracks->size(), 1U) << frame.id.index;
    EXPECT_EQ(frame.tracks->front().id, 1) << "not forgotten in 4 s, longer than any tracker keeps";
  }
  EXPECT_GT(still, 1800) << "one in a hundred is looked at, and the first second of the object";
  const SourceFigures& figures = seen.stats.back().figures.sources[0];
  EXPECT_TRUE(figures.watches_motion);
  EXPECT_GT(figures.looked[static_cast<std::size_t>(Skip::kStill)], 0U);
  using Kind = AnalyticsEvent::Kind;
  const auto visits = [&](Kind kind) {
    return std::count_if(seen.events.begin(), seen.events.end(),
                         [kind](const AnalyticsEvent& event) { return event.kind == kind; });
  };
  EXPECT_EQ(visits(Kind::kZoneEntered), 1) << "it dwells on, seen or not";
  EXPECT_EQ(visits(Kind::kZoneLeft), 1);
  EXPECT_EQ(seen.events.back().end, VisitEnd::kSourceEnded);
}

/// What no processor reads.
class Opaque final : public Buffer {
 public:
  Opaque() : Buffer(MemoryKind::kNvmm, 0, 64) {}
  std::uint8_t* MapToHost(int) override { return nullptr; }
};

TEST(Motion, OfPicturesThatTheCpuCannotReadIsSaidOnceAndAllAreLookedAt) {
  FrameGate gate;
  gate.WatchMotion({});
  SurfaceDesc desc;
  desc.format = PixelFormat::kGray;
  desc.visible = {0, 0, 8, 8};
  int said = 0;
  for (int number = 0; number < 30; ++number) {
    Frame frame;
    frame.result.size = {8, 8};
    frame.surface = std::make_shared<const Surface>(desc, std::make_shared<Opaque>());
    EXPECT_EQ(gate.Look(frame, 1), Skip::kNo);
    said += gate.BecameBlind() ? 1 : 0;
  }
  EXPECT_EQ(said, 1);
}

}  // namespace
}  // namespace jetfleet
