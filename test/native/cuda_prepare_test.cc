#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "backends/tensorrt/cuda/picture.h"
#include "core/prepare/host_preparer.h"

/// The GPU's kernel, compiled for the processor, against the pipeline's own way on the CPU.
namespace jetfleet::cuda {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Case {
  PixelFormat format;
  Size size;
  Size input;
  PreprocessSpec spec;
  Color color;
  Rotation rotation;
};

std::string Name(const Case& c) {
  return std::string(PixelFormatName(c.format)) + " " + std::to_string(c.size.width) + "x" +
         std::to_string(c.size.height) + " to " + std::to_string(c.input.width) + "x" +
         std::to_string(c.input.height) + " turned " +
         std::to_string(static_cast<int>(c.rotation)) +
         (c.spec.fit == PreprocessSpec::Fit::kStretch ? " stretched" : "");
}

/// A picture of noise with padded rows.
struct Noise {
  Bytes bytes[kMaxPlanes];
  SurfaceView view;

  Noise(const Case& c, std::mt19937* random) {
    view.format = c.format;
    view.color = c.color;
    view.rotation = c.rotation;
    view.size = c.size;
    const bool lies = c.rotation == Rotation::kQuarter || c.rotation == Rotation::kThreeQuarters;
    view.shown = lies ? Size{c.size.height, c.size.width} : c.size;
    for (int i = 0; i < PlaneCount(c.format); ++i) {
      const Size size = PlaneSize(c.format, i, c.size);
      const bool pairs = c.format == PixelFormat::kNv12 && i == 1;
      const bool packed = c.format == PixelFormat::kRgba || c.format == PixelFormat::kBgra;
      const int sample = pairs ? 2 : packed ? 4 : c.format == PixelFormat::kRgb ? 3 : 1;
      const int stride = size.width * sample + 5;
      // Some more, because vector code reads beyond the last row.
      bytes[i].resize(static_cast<std::size_t>(stride * size.height + 64));
      for (auto& byte : bytes[i]) byte = static_cast<std::uint8_t>((*random)() >> 7);
      view.planes[static_cast<std::size_t>(i)] = bytes[i].data();
      view.strides[static_cast<std::size_t>(i)] = stride;
    }
  }
};

/// What the kernel makes of it, as floats.
std::vector<float> ByKernel(const Case& c, const SurfaceView& view, bool half = false) {
  const Placement placement = Placement::Of(c.spec, view.shown, c.input);
  kernels::PrepareParameters all{};
  all.pictures[0] =
      PictureOf({view.format, view.color, view.rotation, view.size, view.planes, view.strides},
                placement.target);
  const float pad[3] = {c.spec.pad, c.spec.pad, c.spec.pad};
  const float mean[3] = {c.spec.mean[0], c.spec.mean[1], c.spec.mean[2]};
  const float scale[3] = {c.spec.scale[0], c.spec.scale[1], c.spec.scale[2]};
  SetNormalisation(c.spec.channels == PreprocessSpec::Channels::kBgr, mean, scale, pad, &all);
  const auto area = static_cast<std::size_t>(c.input.width * c.input.height);
  std::vector<float> output(area * 3, -1e9F);
  all.output = output.data();
  all.type = half ? kernels::kFloat16 : kernels::kFloat32;
  all.width = c.input.width;
  all.height = c.input.height;
  all.channel_stride = static_cast<long long>(area);
  all.row_stride = c.input.width;
  all.pixel_stride = 1;
  for (int y = 0; y < c.input.height; ++y) {
    for (int x = 0; x < c.input.width; ++x) kernels::PreparePixel(all, 0, x, y);
  }
  return output;
}

std::vector<float> ByHost(const Case& c, const SurfaceView& view) {
  TensorDesc desc;
  desc.shape = {1, 3, c.input.height, c.input.width};
  const TensorView tensor(desc, MakeHostBuffer(desc.bytes()));
  HostPreparer().Run(view, c.spec, tensor);
  const float* const begin = tensor.Host<float>();
  return {begin, begin + desc.bytes() / sizeof(float)};
}

/// In levels of 0 to 255.
float WorstDifference(const Case& c, std::mt19937* random) {
  const Noise noise(c, random);
  const std::vector<float> kernel = ByKernel(c, noise.view);
  const std::vector<float> host = ByHost(c, noise.view);
  float worst = 0;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const float difference = std::fabs(kernel[i] - host[i]) / c.spec.scale[0];
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

constexpr PixelFormat kFormats[] = {PixelFormat::kNv12, PixelFormat::kRgba, PixelFormat::kI420,
                                    PixelFormat::kI422, PixelFormat::kI444, PixelFormat::kGray,
                                    PixelFormat::kRgb,  PixelFormat::kBgra};
/// Among them the ratios that libyuv has functions of its own for, and none that divides evenly.
constexpr Size kSizes[] = {{128, 72}, {171, 96}, {96, 54},   {64, 36},  {32, 18},   {16, 9},
                           {43, 77},  {192, 96}, {256, 144}, {85, 48},  {341, 192}, {1, 1},
                           {2, 90},   {33, 18},  {127, 3},   {320, 180}};

TEST(CudaPrepare, EqualsTheProcessorForEveryFormatAndRatio) {
  std::mt19937 random(11);
  for (const PixelFormat format : kFormats) {
    for (const Size size : kSizes) {
      for (const PreprocessSpec& spec : {PreprocessSpec::Yolox(), PreprocessSpec::Stretched()}) {
        const Case c{format, size, {64, 64}, spec, {}, Rotation::kNone};
        EXPECT_LE(WorstDifference(c, &random), 1.0F) << Name(c);
      }
    }
  }
}

TEST(CudaPrepare, EqualsTheProcessorForEveryRotation) {
  std::mt19937 random(12);
  for (const PixelFormat format : kFormats) {
    for (const Size size : {Size{128, 72}, Size{77, 43}, Size{30, 100}}) {
      for (const Rotation rotation :
           {Rotation::kQuarter, Rotation::kHalf, Rotation::kThreeQuarters}) {
        const Case c{format, size, {64, 96}, PreprocessSpec::YoloCentred(), {}, rotation};
        EXPECT_LE(WorstDifference(c, &random), 1.0F) << Name(c);
      }
    }
  }
}

TEST(CudaPrepare, EqualsTheProcessorForEveryMatrixAndRange) {
  std::mt19937 random(13);
  for (const ColorMatrix matrix :
       {ColorMatrix::kBt601, ColorMatrix::kBt709, ColorMatrix::kBt2020}) {
    for (const ColorRange range : {ColorRange::kLimited, ColorRange::kFull}) {
      PreprocessSpec spec = PreprocessSpec::YoloCentred();
      spec.mean = {104, 117, 123};
      const Case c{PixelFormat::kNv12, {120, 70}, {64, 48}, spec, {matrix, range}, Rotation::kNone};
      EXPECT_LE(WorstDifference(c, &random), 0.01F) << Name(c);
    }
  }
}

TEST(CudaPrepare, EqualsTheProcessorForSizesAtRandom) {
  std::mt19937 random(14);
  const auto pick = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
  };
  for (int i = 0; i < 150; ++i) {
    const Case c{kFormats[random() % std::size(kFormats)],
                 {pick(1, 300), pick(1, 200)},
                 {pick(1, 5) * 16, pick(1, 5) * 16},
                 random() % 2 == 0 ? PreprocessSpec::Yolox() : PreprocessSpec::Stretched(),
                 {},
                 static_cast<Rotation>(random() % 4)};
    EXPECT_LE(WorstDifference(c, &random), 1.0F) << Name(c);
  }
}

TEST(CudaPrepare, RoundsToHalvesAsTheStandardSays) {
  // Value and bits of IEEE 754 binary16; ties go to the even one.
  const struct {
    float value;
    unsigned short bits;
  } kRows[] = {{0.0F, 0x0000},          {-0.0F, 0x8000},         {1.0F, 0x3c00},
               {-2.0F, 0xc000},         {65504.0F, 0x7bff},      {65519.0F, 0x7bff},
               {65520.0F, 0x7c00},      {1e30F, 0x7c00},         {0.1F, 0x2e66},
               {2049.0F, 0x6800},       {2051.0F, 0x6802},       {6.1035156e-5F, 0x0400},
               {5.9604645e-8F, 0x0001}, {2.9802322e-8F, 0x0000}, {8.940697e-8F, 0x0002},
               {255.0F, 0x5bf8},        {114.0F, 0x5720}};
  for (const auto& row : kRows) EXPECT_EQ(kernels::HalfOf(row.value), row.bits) << row.value;
  EXPECT_EQ(kernels::HalfOf(std::nanf("")) & 0x7c00, 0x7c00);
}

TEST(CudaPrepare, RoundsToWholeNumbersWithinTheirType) {
  const struct {
    float value;
    int uint8;
    int int8;
  } rows[] = {{0.49F, 0, 0},      {0.5F, 0, 0},
              {1.5F, 2, 2},       {2.5F, 2, 2},
              {-0.51F, 0, -1},    {-1.5F, 0, -2},
              {126.6F, 127, 127}, {254.5F, 254, 127},
              {1e30F, 255, 127},  {-1e30F, 0, -128},
              {255.4F, 255, 127}, {-127.5F, 0, -128},
              {-3e9F, 0, -128},   {std::nanf(""), 0, -128}};
  for (const auto& row : rows) {
    EXPECT_EQ(kernels::WholeOf(row.value, 0, 255), row.uint8) << row.value;
    EXPECT_EQ(kernels::WholeOf(row.value, -128, 127), row.int8) << row.value;
  }
}

}  // namespace
}  // namespace jetfleet::cuda
