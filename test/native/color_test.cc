#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "core/prepare/host_preparer.h"
#include "world.h"

/// Colours against ffmpeg, which is the peer most people would trust: what every matrix, range and
/// pixel format becomes in R, G, B.
namespace jetfleet {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Patches of one colour each, so that neither scaling nor the place of chroma samples matters.
constexpr int kPatch = 8;
constexpr int kSteps = 9;
constexpr int kPatches = kSteps * kSteps * kSteps;
constexpr int kColumns = 27;
constexpr Size kPicture{kColumns * kPatch, kPatches / kColumns* kPatch};

struct Named {
  const char* ffmpeg;
  PixelFormat format;
};
constexpr Named kFormats[] = {{"yuv420p", PixelFormat::kI420},
                              {"nv12", PixelFormat::kNv12},
                              {"yuv422p", PixelFormat::kI422},
                              {"yuv444p", PixelFormat::kI444}};

struct Colors {
  const char* matrix;
  const char* range;
  Color color;
};
constexpr Colors kColors[] = {
    {"bt601", "limited", {ColorMatrix::kBt601, ColorRange::kLimited}},
    {"bt601", "full", {ColorMatrix::kBt601, ColorRange::kFull}},
    {"bt709", "limited", {ColorMatrix::kBt709, ColorRange::kLimited}},
    {"bt709", "full", {ColorMatrix::kBt709, ColorRange::kFull}},
    {"bt2020", "limited", {ColorMatrix::kBt2020, ColorRange::kLimited}},
    {"bt2020", "full", {ColorMatrix::kBt2020, ColorRange::kFull}},
};

/// Sample values spread over what the range allows.
std::uint8_t Step(int step, const Color& color, bool chroma) {
  const int low = color.range == ColorRange::kFull ? 0 : 16;
  const int high = color.range == ColorRange::kFull ? 255 : (chroma ? 240 : 235);
  return static_cast<std::uint8_t>(low + (high - low) * step / (kSteps - 1));
}

/// The planes of a format behind each other, tight.
struct Picture {
  Bytes bytes;
  SurfaceView view;

  Picture(PixelFormat format, const Color& color) {
    std::size_t size = 0;
    std::size_t offsets[kMaxPlanes] = {};
    for (int plane = 0; plane < PlaneCount(format); ++plane) {
      const Size part = PlaneSize(format, plane, kPicture);
      const int samples = format == PixelFormat::kNv12 && plane == 1 ? 2 : 1;
      offsets[plane] = size;
      view.strides[static_cast<std::size_t>(plane)] = part.width * samples;
      size += static_cast<std::size_t>(part.width * part.height * samples);
    }
    bytes.resize(size);
    view.format = format;
    view.color = color;
    view.size = view.shown = kPicture;
    for (std::size_t plane = 0; plane < kMaxPlanes; ++plane) {
      view.planes[plane] = bytes.data() + offsets[plane];
    }
    Fill(format, color, offsets);
  }

 private:
  void Fill(PixelFormat format, const Color& color, const std::size_t* offsets) {
    for (int plane = 0; plane < PlaneCount(format); ++plane) {
      const Size part = PlaneSize(format, plane, kPicture);
      const bool pairs = format == PixelFormat::kNv12 && plane == 1;
      for (int y = 0; y < part.height; ++y) {
        for (int x = 0; x < part.width; ++x) {
          const int column = x * kPicture.width / part.width / kPatch;
          const int row = y * kPicture.height / part.height / kPatch;
          const int patch = row * kColumns + column;
          const int steps[] = {patch % kSteps, patch / kSteps % kSteps, patch / kSteps / kSteps};
          std::uint8_t* const at = &bytes[offsets[plane]] + (y * part.width + x) * (pairs ? 2 : 1);
          at[0] = Step(steps[plane], color, plane > 0);
          if (pairs) at[1] = Step(steps[2], color, true);
        }
      }
    }
  }
};

/// The picture as R, G, B by ffmpeg; empty when it does not run.
Bytes ByFfmpeg(const Picture& picture, const char* format, const Colors& colors) {
  const TempFile in(".yuv");
  const TempFile out(".rgb");
  std::ofstream(in.path(), std::ios::binary)
      .write(reinterpret_cast<const char*>(picture.bytes.data()),
             static_cast<std::streamsize>(picture.bytes.size()));
  const std::string command =
      "ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt " + std::string(format) + " -s " +
      std::to_string(kPicture.width) + "x" + std::to_string(kPicture.height) + " -i " + in.path() +
      " -vf scale=in_color_matrix=" + colors.matrix + ":in_range=" + colors.range +
      ":out_range=full:flags=accurate_rnd+full_chroma_int+full_chroma_inp -pix_fmt rgb24 -f "
      "rawvideo " +
      out.path();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing else runs in this test.
  if (std::system(command.c_str()) != 0) return {};
  std::ifstream file(out.path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The upright picture in `size`, converted: planes of R, G and B.
std::vector<float> Prepared(const SurfaceView& view, Size size) {
  PreprocessSpec spec = PreprocessSpec::Stretched();
  TensorDesc desc;
  desc.shape = {1, 3, size.height, size.width};
  const TensorView input(desc, MakeHostBuffer(desc.bytes()));
  HostPreparer().Run(view, spec, input);
  const auto* const values = input.Host<const float>();
  return {values, values + desc.shape.Count()};
}

class ColorAgainstFfmpeg : public ::testing::TestWithParam<Colors> {};

TEST_P(ColorAgainstFfmpeg, IsWithinTwoLevelsInEveryFormat) {
  const Colors& colors = GetParam();
  for (const Named& named : kFormats) {
    const Picture picture(named.format, colors.color);
    const Bytes expected = ByFfmpeg(picture, named.ffmpeg, colors);
    ASSERT_EQ(expected.size(), static_cast<std::size_t>(kPicture.width * kPicture.height * 3))
        << "ffmpeg, which set-up installs, did not convert the picture";
    const std::vector<float> planes = Prepared(picture.view, kPicture);
    constexpr auto kArea = static_cast<std::size_t>(kPicture.width * kPicture.height);
    float worst = 0;
    for (int patch = 0; patch < kPatches; ++patch) {
      const int x = patch % kColumns * kPatch + kPatch / 2;
      const int y = patch / kColumns * kPatch + kPatch / 2;
      const auto at = static_cast<std::size_t>(y * kPicture.width + x);
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const auto byte = static_cast<float>(expected[at * 3 + channel]);
        worst = std::max(worst, std::abs(byte - planes[channel * kArea + at]));
      }
    }
    EXPECT_LE(worst, 2) << named.ffmpeg;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryMatrixAndRange, ColorAgainstFfmpeg, ::testing::ValuesIn(kColors),
                         [](const auto& named) {
                           return std::string(named.param.matrix) + named.param.range;
                         });

TEST(HostPreparer, GreyPicturesHaveNoColour) {
  Bytes luma(64 * 64, 235);
  SurfaceView view;
  view.format = PixelFormat::kGray;
  view.size = view.shown = {64, 64};
  view.planes[0] = luma.data();
  view.strides[0] = 64;
  for (const float value : Prepared(view, {16, 16})) ASSERT_NEAR(value, 255, 1);
}

TEST(HostPreparer, ScalingTakesNoLevelFromAnyFormat) {
  const Bytes samples(64 * 48 * 4, 100);
  for (int kind = 0; kind < 8; ++kind) {
    SurfaceView view;
    view.format = static_cast<PixelFormat>(kind);
    view.color.range = ColorRange::kFull;
    view.size = view.shown = {64, 48};
    view.planes.fill(samples.data());
    view.strides.fill(64 * 4);
    const std::vector<float> whole = Prepared(view, {64, 48});
    for (const Size size : {Size{35, 26}, Size{16, 12}, Size{64, 11}, Size{97, 73}}) {
      const std::vector<float> scaled = Prepared(view, size);
      const std::size_t area = whole.size() / 3;
      for (std::size_t i = 0; i < scaled.size(); ++i) {
        ASSERT_EQ(scaled[i], whole[i / (scaled.size() / 3) * area])
            << PixelFormatName(view.format) << " to " << size.width << "x" << size.height;
      }
    }
  }
}

/// A picture whose corners differ: top left, top right, bottom left, bottom right.
struct Corners {
  static constexpr int kWidth = 64;
  static constexpr int kHeight = 32;
  static constexpr std::uint8_t kLuma[4] = {50, 100, 150, 200};
  Bytes y = Bytes(kWidth * kHeight);
  Bytes uv = Bytes(kWidth * kHeight, 128);
  Bytes rgb = Bytes(kWidth * kHeight * 4, 255);

  Corners() {
    for (int row = 0; row < kHeight; ++row) {
      for (int column = 0; column < kWidth; ++column) {
        const int corner = row / (kHeight / 2) * 2 + column / (kWidth / 2);
        const auto at = static_cast<std::size_t>(row * kWidth + column);
        y[at] = kLuma[corner];
        std::fill_n(&rgb[at * 4], 3, kLuma[corner]);
      }
    }
  }

  SurfaceView View(PixelFormat format, Rotation rotation) const {
    const bool lies = rotation == Rotation::kQuarter || rotation == Rotation::kThreeQuarters;
    SurfaceView view;
    view.format = format;
    view.color.range = ColorRange::kFull;
    view.rotation = rotation;
    view.size = {kWidth, kHeight};
    view.shown = lies ? Size{kHeight, kWidth} : view.size;
    view.planes = {y.data(), uv.data(), uv.data()};
    view.strides = {kWidth, format == PixelFormat::kNv12 ? kWidth : kWidth / 2, kWidth / 2};
    if (format == PixelFormat::kBgra || format == PixelFormat::kRgba) {
      view.planes[0] = rgb.data();
      view.strides[0] = kWidth * 4;
    }
    return view;
  }
};

TEST(HostPreparer, TurnsPicturesUprightInEveryFormat) {
  const Corners corners;
  // Where the four corners of the stored picture are looked at, by rotation.
  const std::vector<std::pair<Rotation, std::vector<int>>> cases = {
      {Rotation::kNone, {0, 1, 2, 3}},
      {Rotation::kQuarter, {2, 0, 3, 1}},
      {Rotation::kHalf, {3, 2, 1, 0}},
      {Rotation::kThreeQuarters, {1, 3, 0, 2}}};
  for (const PixelFormat format : {PixelFormat::kI420, PixelFormat::kI422, PixelFormat::kNv12,
                                   PixelFormat::kGray, PixelFormat::kRgba, PixelFormat::kBgra}) {
    for (const auto& [rotation, expected] : cases) {
      const SurfaceView view = corners.View(format, rotation);
      const Size half{view.shown.width / 2, view.shown.height / 2};
      const std::vector<float> red = Prepared(view, half);
      for (int corner = 0; corner < 4; ++corner) {
        const int x = corner % 2 == 0 ? 2 : half.width - 3;
        const int y = corner / 2 == 0 ? 2 : half.height - 3;
        EXPECT_NEAR(red[static_cast<std::size_t>(y * half.width + x)],
                    Corners::kLuma[expected[static_cast<std::size_t>(corner)]], 2)
            << PixelFormatName(format) << ", corner " << corner << ", rotation "
            << static_cast<int>(rotation);
      }
    }
  }
}

TEST(HostPreparer, TakesEverySmallSize) {
  // Odd ones most of all: the last column and row of chroma belongs to one pixel alone.
  const Bytes samples(64 * 64 * 4, 100);
  std::mt19937 random(9);
  for (int round = 0; round < 400; ++round) {
    const Size from{1 + static_cast<int>(random() % 64), 1 + static_cast<int>(random() % 64)};
    const Size to{1 + static_cast<int>(random() % 70), 1 + static_cast<int>(random() % 70)};
    SurfaceView view;
    view.format = static_cast<PixelFormat>(random() % 8);
    view.rotation = static_cast<Rotation>(random() % 4);
    view.size = view.shown = from;
    // Exactly as large as it says, at the end of the bytes, so that a sanitizer sees what reads on.
    for (int plane = 0; plane < PlaneCount(view.format); ++plane) {
      const auto at = static_cast<std::size_t>(plane);
      const Size part = PlaneSize(view.format, plane, from);
      int bytes = 1;
      if (view.format == PixelFormat::kNv12 && plane == 1) bytes = 2;
      if (view.format == PixelFormat::kRgb) bytes = 3;
      if (view.format == PixelFormat::kRgba || view.format == PixelFormat::kBgra) bytes = 4;
      view.strides[at] = part.width * bytes;
      view.planes[at] = samples.data() + samples.size() - part.width * part.height * bytes;
    }
    ASSERT_EQ(Prepared(view, to).size(), static_cast<std::size_t>(to.width * to.height * 3));
  }
}

}  // namespace
}  // namespace jetfleet
