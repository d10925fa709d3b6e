#include "core/decode/placement.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "core/prepare/spread.h"

namespace jetfleet {
namespace {

struct Case {
  PreprocessSpec spec;
  Size source;
  Size input;
  Rect target;
};

TEST(Placement, IsThatOfTheReferenceForSizesThatWereWrongOrAreOdd) {
  const PreprocessSpec yolox = PreprocessSpec::Yolox();
  const PreprocessSpec centred = PreprocessSpec::YoloCentred();
  // Worked out with the references' own lines of Python.
  const Case cases[] = {
      {yolox, {1280, 720}, {416, 416}, {0, 0, 416, 234}},
      {yolox, {1920, 1080}, {416, 416}, {0, 0, 416, 234}},
      {yolox, {704, 576}, {416, 416}, {0, 0, 416, 340}},
      {yolox, {1279, 719}, {416, 416}, {0, 0, 416, 233}},
      {yolox, {16, 4096}, {416, 416}, {0, 0, 1, 416}},
      {centred, {1279, 719}, {416, 416}, {0, 91, 416, 234}},
      {centred, {1000, 563}, {640, 640}, {0, 140, 640, 360}},
      {centred, {810, 1080}, {640, 640}, {80, 0, 480, 640}},
      {centred, {16, 4096}, {416, 416}, {207, 0, 2, 416}},
      {PreprocessSpec::Stretched(), {1920, 1080}, {320, 240}, {0, 0, 320, 240}},
  };
  for (const Case& one : cases) {
    const Rect target = Placement::Of(one.spec, one.source, one.input).target;
    EXPECT_TRUE(target == one.target)
        << one.source.width << "x" << one.source.height << ": " << target.x << "," << target.y
        << " " << target.width << "x" << target.height;
  }
}

/// A number that stands for the placements of all pictures from 16 to 4,096 pixels wide and high.
struct Digest {
  std::uint64_t value = 0;
  void Add(std::uint64_t item) { value = value * 1099511628211U + item; }
};

/// Made by the references' own lines of Python over the same 16.7 million sizes:
/// `r = min(n / h, n / w)`, then `int(w * r)` for YOLOX; `round(w * r)` and `round(d - 0.1)` for
/// YOLOv5 and later.
struct Known {
  int input;
  std::uint64_t yolox;
  std::uint64_t centred;
};
constexpr Known kKnown[] = {{416, 4926339024683474149U, 11935212545811622350U},
                            {640, 14941539741339525222U, 10857362710912255310U}};

TEST(Placement, IsThatOfTheReferencesForEverySizeFrom16To4096) {
  for (const Known& known : kKnown) {
    const Size input{known.input, known.input};
    Digest yolox;
    Digest centred;
    for (int height = 16; height <= 4096; ++height) {
      for (int width = 16; width <= 4096; ++width) {
        const Rect cut = Placement::Of(PreprocessSpec::Yolox(), {width, height}, input).target;
        yolox.Add(static_cast<std::uint64_t>(cut.width * 65536 + cut.height));
        const Rect near =
            Placement::Of(PreprocessSpec::YoloCentred(), {width, height}, input).target;
        const auto part = [](int value) { return static_cast<std::uint64_t>(value); };
        centred.Add(((part(near.width) * 8192 + part(near.height)) * 8192 + part(near.x)) * 8192 +
                    part(near.y));
      }
    }
    EXPECT_EQ(yolox.value, known.yolox) << known.input;
    EXPECT_EQ(centred.value, known.centred) << known.input;
  }
}

TEST(Placement, NeverVanishesForExtremeShapes) {
  const Rect target = Placement::Of(PreprocessSpec::Yolox(), {10000, 2}, {64, 64}).target;
  EXPECT_EQ(target.width, 64);
  EXPECT_EQ(target.height, 1);
}

TEST(Placement, FindsBackToThePictureForEveryFamily) {
  for (const PreprocessSpec& spec :
       {PreprocessSpec::Yolox(), PreprocessSpec::YoloCentred(), PreprocessSpec::Stretched()}) {
    for (const Size source : {Size{1920, 1080}, Size{1080, 1920}, Size{333, 517}}) {
      const Placement placement = Placement::Of(spec, source, {416, 320});
      const Rect& target = placement.target;
      const Box whole =
          placement.Undo({static_cast<float>(target.x), static_cast<float>(target.y),
                          static_cast<float>(target.width), static_cast<float>(target.height)});
      // The scaled size is whole: up to one of its pixels is missing or too much.
      EXPECT_NEAR(whole.left, 0, 1e-3);
      EXPECT_NEAR(whole.top, 0, 1e-3);
      EXPECT_NEAR(whole.width, source.width, 1 / placement.scale_x);
      EXPECT_NEAR(whole.height, source.height, 1 / placement.scale_y);
    }
  }
}

TEST(Spread, GivesTheSameInEveryInstructionSet) {
  PreprocessSpec spec = PreprocessSpec::YoloCentred();
  spec.mean = {1.5F, 2, 3};
  std::vector<std::uint8_t> samples(97 * 97 * 3);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<std::uint8_t>(i * 37);
  for (const PixelFormat format : {PixelFormat::kI420, PixelFormat::kI422, PixelFormat::kI444,
                                   PixelFormat::kGray, PixelFormat::kRgb}) {
    for (const Size source : {Size{97, 33}, Size{33, 97}, Size{64, 64}, Size{1, 64}}) {
      const Placement placement = Placement::Of(spec, source, {64, 96});
      ScaledPicture picture;
      picture.format = format;
      picture.packed = format == PixelFormat::kRgb;
      picture.size = {placement.target.width, placement.target.height};
      for (auto& plane : picture.planes) plane = samples.data();
      std::vector<float> fast(64 * 96 * 3, -1.0F);
      std::vector<float> portable(64 * 96 * 3, -2.0F);
      Spreader().Run(picture, spec, placement, fast.data());
      Spreader(PortableRows()).Run(picture, spec, placement, portable.data());
      for (std::size_t i = 0; i < fast.size(); ++i) {
        ASSERT_NEAR(fast[i], portable[i], 1e-5) << PixelFormatName(format) << " " << i;
      }
    }
  }
}

TEST(Spread, PutsChannelsWhereTheSpecificationWantsThem) {
  PreprocessSpec spec;
  spec.mean = {10, 20, 30};
  spec.scale = {1, 0.5F, 0.25F};
  spec.pad = 50;
  const Placement placement = Placement::Of(spec, {2, 1}, {2, 2});
  const std::vector<std::uint8_t> bgr = {1, 2, 3, 4, 5, 6};
  std::vector<float> input(12);
  ScaledPicture picture;
  picture.packed = true;
  picture.size = {2, 1};
  picture.planes[0] = bgr.data();
  Spreader spreader;
  spreader.Run(picture, spec, placement, input.data());
  // R, G, B planes of two rows, the second one padding.
  EXPECT_EQ(input, (std::vector<float>{-7, -4, 40, 40, -9, -7.5F, 15, 15, -7.25F, -6.5F, 5, 5}));
  spec.channels = PreprocessSpec::Channels::kBgr;
  spreader.Run(picture, spec, placement, input.data());
  EXPECT_EQ(input[0], 1 - 10);
}

}  // namespace
}  // namespace jetfleet
