#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/prepare/host_preparer.h"
#include "core/prepare/resize_rgb.h"

namespace jetfleet {
namespace {

constexpr Size kInput{64, 64};
constexpr std::size_t kPlane = 64 * 64;

/// A model's input, as floats.
struct Input {
  Input() {
    TensorDesc desc;
    desc.shape = {1, 3, kInput.height, kInput.width};
    view = TensorView(desc, MakeHostBuffer(desc.bytes()));
    std::fill(begin(), end(), -1.0F);  // used before for something else
  }
  float* begin() const { return view.Host<float>(); }
  float* end() const { return begin() + size(); }
  float operator[](std::size_t i) const { return begin()[i]; }
  std::size_t size() const { return 3 * kPlane; }
  TensorView view;
};

const PreprocessSpec kYolox = PreprocessSpec::Yolox();

/// A picture in both formats, with odd sizes and padded rows as decoders make them.
struct TestPicture {
  static constexpr int kWidth = 129;
  static constexpr int kHeight = 65;
  static constexpr int kStride = 160;
  static constexpr int kChroma = 80;
  std::vector<std::uint8_t> y = std::vector<std::uint8_t>(kStride * kHeight);
  std::vector<std::uint8_t> u = std::vector<std::uint8_t>(kChroma * 33);
  std::vector<std::uint8_t> v = std::vector<std::uint8_t>(kChroma * 33);
  std::vector<std::uint8_t> uv = std::vector<std::uint8_t>(kStride * 33);

  template <typename Luma>
  TestPicture(Luma luma, std::uint8_t blue, std::uint8_t red) {
    for (int row = 0; row < kHeight; ++row) {
      for (int column = 0; column < kWidth; ++column) {
        y[static_cast<std::size_t>(row * kStride + column)] = luma(column, row);
      }
    }
    std::fill(u.begin(), u.end(), blue);
    std::fill(v.begin(), v.end(), red);
    for (std::size_t i = 0; i < uv.size(); ++i) uv[i] = i % 2 == 0 ? blue : red;
  }

  SurfaceView I420() const {
    return {PixelFormat::kI420,
            {},
            Rotation::kNone,
            {kWidth, kHeight},
            {kWidth, kHeight},
            {y.data(), u.data(), v.data()},
            {kStride, kChroma, kChroma}};
  }
  SurfaceView Nv12() const {
    return {PixelFormat::kNv12,   {},
            Rotation::kNone,      {kWidth, kHeight},
            {kWidth, kHeight},    {y.data(), uv.data(), nullptr},
            {kStride, kStride, 0}};
  }
};

TEST(Preprocess, MakesBlueGreenRedPlanesFromZeroTo255) {
  // BT.601 limited range: Y 81, U 90, V 240 is pure red.
  const TestPicture red([](int, int) { return std::uint8_t{81}; }, 90, 240);
  const Input tensor;
  HostPreparer().Run(red.I420(), kYolox, tensor.view);
  EXPECT_NEAR(tensor[0], 0, 3);
  EXPECT_NEAR(tensor[kPlane], 0, 3);
  EXPECT_NEAR(tensor[2 * kPlane], 255, 3);
}

TEST(Preprocess, FillsWhatThePictureDoesNotCoverWithGrey114) {
  const TestPicture white([](int, int) { return std::uint8_t{235}; }, 128, 128);
  const Input tensor;
  const Placement placement = HostPreparer().Run(white.Nv12(), kYolox, tensor.view);
  ASSERT_EQ(placement.target.height, 32);
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const bool covered = i % kPlane / 64 < 32;
    ASSERT_NEAR(tensor[i], covered ? 255 : 114, covered ? 3 : 0) << i;
  }
}

TEST(Preprocess, WritesPaddingOnlyWhereItIsNotYet) {
  const TestPicture white([](int, int) { return std::uint8_t{235}; }, 128, 128);
  const Input tensor;
  HostPreparer preparer;
  preparer.Run(white.I420(), kYolox, tensor.view);
  // Behind the view's back: what is found there afterwards tells who wrote.
  auto* const values = static_cast<float*>(tensor.view.Address());
  float& in_padding = values[kPlane - 1];
  const auto padding_after = [&](float before, const PreprocessSpec& spec) {
    in_padding = before;
    preparer.Run(white.I420(), spec, tensor.view);
    return in_padding;
  };
  EXPECT_EQ(padding_after(7, kYolox), 7) << "is there already";
  PreprocessSpec black = kYolox;
  black.pad = 0;
  EXPECT_EQ(padding_after(7, black), 0) << "is of another value";
  EXPECT_FLOAT_EQ(padding_after(7, PreprocessSpec::YoloCentred()), 114 / 255.0F)
      << "lies elsewhere";
  preparer.Run(white.I420(), kYolox, tensor.view);
  *tensor.view.Host<float>() = 1;
  EXPECT_EQ(padding_after(7, kYolox), 114) << "another has written since";
}

TEST(Preprocess, KnowsOfEachSlotWhatLiesAroundItsPicture) {
  TensorDesc desc;
  desc.shape = {2, 3, kInput.height, kInput.width};
  const TensorView batch(desc, MakeHostBuffer(desc.bytes()));
  const TensorView first = batch.Slot(0);
  const TensorView second = batch.Slot(1);
  const Border border{{0, 0, 64, 32}, {114, 114, 114}};
  first.NoteBorder(border);
  second.NoteBorder(border);
  second.Host<float>();
  EXPECT_TRUE(first.HasBorder(border));
  EXPECT_FALSE(second.HasBorder(border));
  first.Host<const float>();
  EXPECT_TRUE(first.HasBorder(border)) << "reading changes nothing";
  second.NoteBorder(border);
  batch.ForgetBorders();
  EXPECT_FALSE(first.HasBorder(border));
  EXPECT_FALSE(second.HasBorder(border));
}

TEST(Preprocess, GivesTheSameForBothLayoutsOfOnePicture) {
  const TestPicture picture([](int x, int y) { return static_cast<std::uint8_t>(16 + x + y); }, 100,
                            150);
  const Input from_i420;
  const Input from_nv12;
  HostPreparer().Run(picture.I420(), kYolox, from_i420.view);
  HostPreparer().Run(picture.Nv12(), kYolox, from_nv12.view);
  for (std::size_t i = 0; i < from_i420.size(); ++i) {
    ASSERT_NEAR(from_i420[i], from_nv12[i], 4) << i;
  }
}

TEST(Preprocess, FillsTheSameInTwoStepsAsInOneForEveryLayout) {
  const TestPicture picture([](int x, int y) { return static_cast<std::uint8_t>(x + 2 * y); }, 90,
                            200);
  std::vector<std::uint8_t> rgb(TestPicture::kWidth * TestPicture::kHeight * 3);
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i * 7);
  SurfaceView packed = picture.I420();
  packed.format = PixelFormat::kRgb;
  packed.planes = {rgb.data(), nullptr, nullptr};
  packed.strides = {TestPicture::kWidth * 3, 0, 0};
  SurfaceView turned = picture.Nv12();
  turned.rotation = Rotation::kQuarter;
  turned.shown = {TestPicture::kHeight, TestPicture::kWidth};
  for (const SurfaceView& view : {picture.I420(), picture.Nv12(), packed, turned}) {
    const Input once;
    HostPreparer preparer;
    const Placement placement = preparer.Run(view, kYolox, once.view);
    ScaledFrame frame;
    const Size size{placement.target.width, placement.target.height};
    // One that was used for another picture before.
    const TestPicture black([](int, int) { return std::uint8_t{0}; }, 0, 0);
    frame.scaler.Run(black.I420(), {size.width + 8, size.height});
    frame.placement = placement;
    frame.picture = frame.scaler.Run(view, size);
    const Input twice;
    preparer.Spread(frame, kYolox, twice.view);
    EXPECT_TRUE(std::equal(once.begin(), once.end(), twice.begin()));
  }
}

TEST(Preprocess, EnlargesSmallPictures) {
  const std::vector<std::uint8_t> pixel = {10, 20, 30};
  const Input tensor;
  const Placement placement = HostPreparer().RunRgb(pixel.data(), {1, 1}, kYolox, tensor.view);
  EXPECT_EQ(placement.target.width, 64);
  EXPECT_EQ(tensor[0], 30);
  EXPECT_EQ(tensor[kPlane + 100], 20);
  EXPECT_EQ(tensor[3 * kPlane - 1], 10);
}

TEST(ResizeRgb, MixesNeighboursByTheirDistanceToTheCentre) {
  // Two pixels to four: centres at -0.25 (clamped), 0.25, 0.75 and 1.25 (clamped).
  const std::vector<std::uint8_t> two = {0, 0, 0, 100, 100, 100};
  std::vector<std::uint8_t> four(4 * 3);
  ResizeRgbToBgr(two.data(), {2, 1}, four.data(), {4, 1});
  EXPECT_EQ(four[0], 0);
  EXPECT_EQ(four[3], 25);
  EXPECT_EQ(four[6], 75);
  EXPECT_EQ(four[9], 100);
}

}  // namespace
}  // namespace jetfleet
