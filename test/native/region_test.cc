#include "core/region.h"

#include <gtest/gtest.h>

#include <random>

#include "core/pipeline.h"
#include "made_source.h"
#include "world.h"

namespace jetfleet {
namespace {

Surface PictureOf(Rect visible, Rotation rotation, SampleAspect aspect = {1, 1}) {
  SurfaceDesc desc;
  desc.format = PixelFormat::kGray;
  desc.coded = {visible.x + visible.width, visible.y + visible.height};
  desc.visible = visible;
  desc.rotation = rotation;
  desc.sample_aspect = aspect;
  desc.planes[0] = {0, 0, desc.coded.width};
  return {desc, MakeHostBuffer(static_cast<std::size_t>(desc.coded.width * desc.coded.height))};
}

TEST(Region, IsFoundHoweverThePictureIsStored) {
  struct Case {
    const char* what;
    Rect visible;
    Rotation rotation;
    SampleAspect aspect;
    Region region;
    Rect part;
    float left;
    float top;
  };
  const Region corner = {0.5, 0, 0.5, 0.25};
  const Rect whole = {0, 0, 80, 40};
  for (const Case& one : std::vector<Case>{
           {"upright", whole, Rotation::kNone, {}, corner, {40, 0, 40, 10}, 40, 0},
           {"with padding before it",
            {4, 2, 80, 40},
            Rotation::kNone,
            {},
            corner,
            {44, 2, 40, 10},
            40,
            0},
           // Shown 40 × 80: the upper right quarter lies at the stored picture's upper left.
           {"turned a quarter", whole, Rotation::kQuarter, {}, corner, {0, 0, 20, 20}, 20, 0},
           {"upside down", whole, Rotation::kHalf, {}, corner, {0, 30, 40, 10}, 40, 0},
           {"turned three quarters",
            whole,
            Rotation::kThreeQuarters,
            {},
            corner,
            {60, 20, 20, 20},
            20,
            0},
           {"wide samples", whole, Rotation::kNone, {2, 1}, corner, {40, 0, 40, 10}, 80, 0},
           {"all of it", whole, Rotation::kNone, {}, {0, 0, 1, 1}, whole, 0, 0},
           {"odd edges: pairs around it",
            whole,
            Rotation::kNone,
            {},
            {0.2125, 0.325, 0.1, 0.1},
            {16, 12, 10, 6},
            16,
            12},
           {"an odd picture's last column",
            {0, 0, 81, 41},
            Rotation::kNone,
            {},
            {0.99, 0.99, 0.01, 0.01},
            {80, 40, 1, 1},
            80,
            40},
       }) {
    const PicturePart part = PartOf(PictureOf(one.visible, one.rotation, one.aspect), one.region);
    const Rect found = part.surface->desc().visible;
    EXPECT_TRUE(found == one.part) << one.what << ": " << found.x << " " << found.y << " "
                                   << found.width << " " << found.height;
    EXPECT_NEAR(part.left, one.left, 1e-3) << one.what;
    EXPECT_NEAR(part.top, one.top, 1e-3) << one.what;
  }
}

TEST(Region, IsCoveredWithAtMostAPairOfPixelsMoreOnEachSide) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int round = 0; round < 2000; ++round) {
    const Rect visible = {0, 0, 16 + static_cast<int>(random() % 900),
                          16 + static_cast<int>(random() % 900)};
    const Surface whole = PictureOf(visible, static_cast<Rotation>(random() % 4));
    Region region;
    region.width = 0.01 + 0.99 * unit(random);
    region.height = 0.01 + 0.99 * unit(random);
    region.left = (1 - region.width) * unit(random);
    region.top = (1 - region.height) * unit(random);
    const PicturePart part = PartOf(whole, region);
    const Rect& found = part.surface->desc().visible;
    ASSERT_EQ(found.x % 2 + found.y % 2, 0) << "chroma of a pair";
    ASSERT_GE(found.width, 1);
    ASSERT_LE(found.x + found.width, visible.width);
    ASSERT_LE(found.y + found.height, visible.height);
    const Size size = whole.ShownSize();
    const Size shown = part.surface->ShownSize();
    const double right = (region.left + region.width) * size.width;
    const double bottom = (region.top + region.height) * size.height;
    EXPECT_NEAR(part.left, region.left * size.width - 1, 1.01);
    EXPECT_NEAR(part.top, region.top * size.height - 1, 1.01);
    EXPECT_NEAR(part.left + static_cast<float>(shown.width), right + 1, 1.01);
    EXPECT_NEAR(part.top + static_cast<float>(shown.height), bottom + 1, 1.01);
  }
}

TEST(Region, IsAllThatTheModelSeesAndBoxesAreInTheWholePicture) {
  // The device sees an object in the upper left quarter of whatever it is given.
  struct Case {
    std::optional<Region> region;
    Box box;
  };
  for (const bool live : {false, true}) {
    for (const Case& one : std::vector<Case>{{std::nullopt, {0, 0, 4, 4}},
                                             {Region{0.5, 0.25, 0.5, 0.5}, {4, 2, 2, 2}}}) {
      PipelineSource source = Made("door", live);
      if (one.region) source.regions = {*one.region};
      PipelineOptions options;
      options.sources = {source};
      options.batch = std::chrono::milliseconds(1);
      Recorder recorder;
      Pipeline pipeline(options, FakeModel(), &recorder);
      pipeline.Start();
      ASSERT_TRUE(
          recorder.WaitFor([](const Recorder::Seen& seen) { return seen.frames.size() >= 10; }));
      pipeline.Stop();
      for (const FrameResult& frame : recorder.Copy().frames) {
        EXPECT_TRUE(frame.size == (Size{8, 8}));
        ASSERT_EQ(frame.detections.size(), 1U);
        const Box& box = frame.detections[0].box;
        EXPECT_NEAR(box.left, one.box.left, 0.01);
        EXPECT_NEAR(box.top, one.box.top, 0.01);
        EXPECT_NEAR(box.width, one.box.width, 0.01);
        EXPECT_NEAR(box.height, one.box.height, 0.01);
      }
    }
  }
}

}  // namespace
}  // namespace jetfleet
