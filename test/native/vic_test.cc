#include "backends/tensorrt/cuda/vic.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "backends/sized.h"
#include "backends/tensorrt/cuda/picture.h"
#include "core/memory/nvbuf.h"
#include "core/prepare/host_preparer.h"
#include "nvbuf_double.h"

/// The compositor of both JetPack generations, with doubles of the vendor's libraries that hold its
/// calls to their documentation and scale on the processor.
namespace jetfleet::cuda {
namespace {

using nvbuf_double::kNv12;
using nvbuf_double::kRgba;
using nvbuf_double::Ledger;
using nvbuf_double::Picture;

/// A driver whose frame of an image is the double's picture itself.
Driver FakeDriver() {
  Driver driver;
  driver.egl_register = [](GraphicsResourceHandle* resource, void* image, unsigned) -> Result {
    *resource = static_cast<GraphicsResourceHandle>(image);
    return kSuccess;
  };
  driver.egl_frame = [](EglFrame* frame, GraphicsResourceHandle resource, unsigned,
                        unsigned) -> Result {
    auto* const picture = reinterpret_cast<Picture*>(resource);
    frame->frame_type = kEglFramePitch;
    frame->plane_count = static_cast<unsigned>(picture->planes);
    frame->pitch = static_cast<unsigned>(picture->strides[0]);
    for (int i = 0; i < picture->planes; ++i) frame->frame.pitch[i] = picture->samples[i].data();
    return kSuccess;
  };
  driver.egl_unregister = [](GraphicsResourceHandle) -> Result { return kSuccess; };
  return driver;
}

class Vic : public testing::TestWithParam<const char*> {
 public:
  struct Difference {
    float mean = 0;
    float worst = 0;
  };

 protected:
  void SetUp() override {
    folder_ = std::string(JETFLEET_NVBUF_DOUBLES) + "/" + GetParam();
    void* library = nvbuf::OpenLibrary(folder_, nvbuf::kSurfaceLibrary);
    if (library == nullptr) library = nvbuf::OpenLibrary(folder_, nvbuf::kUtilsLibrary);
    ASSERT_NE(library, nullptr) << dlerror();
    nvbuf_double::LedgerCall* ledger = nullptr;
    ASSERT_TRUE(nvbuf::Find(library, "nvbuf_double_ledger", &ledger) &&
                nvbuf::Find(library, "nvbuf_double_decode", &decode_) &&
                nvbuf::Find(library, "nvbuf_double_forget", &forget_));
    ledger_ = ledger();
    *ledger_ = {};
    dmabufs_ = std::make_unique<DmabufCache>(OpenPictureBuffers(folder_), driver_);
    scaled_ = std::make_unique<ScaledPictures>(OpenCompositor(folder_), dmabufs_.get());
  }

  void TearDown() override {
    scaled_.reset();
    dmabufs_.reset();
    EXPECT_EQ(ledger_->pictures, 0) << "every picture goes back";
    EXPECT_EQ(ledger_->images, 0) << "every image goes back";
    EXPECT_EQ(ledger_->mistakes, 0) << "every call is as its documentation says";
    for (Picture* const picture : decoded_) forget_(picture);
  }

  JfSurface Decode(int format, Size size) {
    Picture* const picture = decode_(format, size.width, size.height, ++seed_);
    decoded_.push_back(picture);
    JfSurface surface = Sized<JfSurface>();
    surface.memory = JF_NVMM;
    surface.dmabuf_fd = picture->fd;
    surface.format = static_cast<int>(format == kNv12 ? PixelFormat::kNv12 : PixelFormat::kRgba);
    surface.coded_width = surface.visible_width = size.width;
    surface.coded_height = surface.visible_height = size.height;
    return surface;
  }

  const Picture& PictureOf(const JfSurface& surface) const {
    const auto found = std::find_if(decoded_.begin(), decoded_.end(), [&](const Picture* one) {
      return one->fd == surface.dmabuf_fd;
    });
    return **found;
  }

  /// What the kernel makes of what the compositor scaled, against the processor's own way, in
  /// levels of 0 to 255.
  Difference DifferenceOf(const JfSurface& surface, const PreprocessSpec& spec, Size input);

  std::string folder_;
  Ledger* ledger_ = nullptr;
  nvbuf_double::DecodeCall* decode_ = nullptr;
  nvbuf_double::ForgetCall* forget_ = nullptr;
  const Driver driver_ = FakeDriver();
  std::unique_ptr<DmabufCache> dmabufs_;
  std::unique_ptr<ScaledPictures> scaled_;
  std::vector<Picture*> decoded_;
  unsigned seed_ = 0;
};

INSTANTIATE_TEST_SUITE_P(JetPack, Vic, testing::Values("jetpack4", "jetpack5"),
                         [](const auto& of) { return std::string(of.param); });

Vic::Difference Vic::DifferenceOf(const JfSurface& surface, const PreprocessSpec& spec,
                                  Size input) {
  const Picture& original = PictureOf(surface);
  SurfaceView view;
  view.format = static_cast<PixelFormat>(surface.format);
  view.color = {static_cast<ColorMatrix>(surface.matrix), static_cast<ColorRange>(surface.range)};
  view.rotation = static_cast<Rotation>(surface.rotation);
  view.size = {surface.visible_width, surface.visible_height};
  const bool lies = surface.rotation % 2 == 1;
  view.shown = lies ? Size{view.size.height, view.size.width} : view.size;
  for (std::size_t i = 0; i < static_cast<std::size_t>(original.planes); ++i) {
    view.planes[i] =
        original.samples[i].data() +
        static_cast<std::ptrdiff_t>(surface.visible_y >> original.halved[i]) * original.strides[i] +
        static_cast<std::ptrdiff_t>(surface.visible_x >> original.halved[i]) * original.bytes[i];
    view.strides[i] = original.strides[i];
  }
  TensorDesc desc;
  desc.shape = {1, 3, input.height, input.width};
  const TensorView host(desc, MakeHostBuffer(desc.bytes()));
  const Placement placement = HostPreparer().Run(view, spec, host);

  scaled_->BeginBatch();
  const Rect& target = placement.target;
  const JfSurface small = scaled_->Scale(
      surface, lies ? Size{target.height, target.width} : Size{target.width, target.height});
  const EglFrame& frame = dmabufs_->Get(small.dmabuf_fd);
  PictureView seen;
  seen.format = view.format;
  seen.color = view.color;
  seen.rotation = view.rotation;
  seen.size = {small.visible_width, small.visible_height};
  for (std::size_t i = 0; i < frame.plane_count; ++i) {
    seen.planes[i] = static_cast<const std::uint8_t*>(frame.frame.pitch[i]);
    seen.strides[i] = static_cast<int>(frame.pitch);
  }
  kernels::PrepareParameters all{};
  all.pictures[0] = cuda::PictureOf(seen, target);
  const float pad[3] = {spec.pad, spec.pad, spec.pad};
  const float mean[3] = {spec.mean[0], spec.mean[1], spec.mean[2]};
  const float scale[3] = {spec.scale[0], spec.scale[1], spec.scale[2]};
  SetNormalisation(spec.channels == PreprocessSpec::Channels::kBgr, mean, scale, pad, &all);
  const std::size_t area = static_cast<std::size_t>(input.width) * input.height;
  std::vector<float> output(area * 3, -1e9F);
  all.output = output.data();
  all.type = kernels::kFloat32;
  all.width = input.width;
  all.height = input.height;
  all.channel_stride = static_cast<long long>(area);
  all.row_stride = input.width;
  all.pixel_stride = 1;
  for (int y = 0; y < input.height; ++y) {
    for (int x = 0; x < input.width; ++x) kernels::PreparePixel(all, 0, x, y);
  }
  Difference all_of_them;
  for (std::size_t i = 0; i < output.size(); ++i) {
    const float difference = std::fabs(output[i] - host.Host<float>()[i]) / spec.scale[0];
    if (!(difference <= all_of_them.worst)) all_of_them.worst = difference;
    all_of_them.mean += difference / static_cast<float>(output.size());
  }
  return all_of_them;
}

/// The processor's way cuts places between samples to 7 bits and the double does not, and colours
/// double what that makes of chroma.
void ExpectAlike(const Vic::Difference& difference, const std::string& what) {
  EXPECT_LE(difference.mean, 2) << what;
  EXPECT_LE(difference.worst, 10) << what;
}

TEST_P(Vic, EqualsTheProcessorForBothFormats) {
  for (const int format : {kNv12, kRgba}) {
    for (const Size size : {Size{128, 72}, Size{64, 36}, Size{192, 108}, Size{320, 180}}) {
      const JfSurface surface = Decode(format, size);
      const std::string what = std::to_string(format) + " of width " + std::to_string(size.width);
      ExpectAlike(DifferenceOf(surface, PreprocessSpec::YoloCentred(), {64, 64}), what);
      ExpectAlike(DifferenceOf(surface, PreprocessSpec::Stretched(), {64, 48}),
                  what + " stretched");
      ExpectAlike(DifferenceOf(surface, PreprocessSpec::Stretched(), {57, 31}), what + " to odd");
    }
  }
}

TEST_P(Vic, TakesThePartThatIsSeenAndLeavesTurningToTheKernel) {
  for (const int rotation : {0, 1, 2, 3}) {
    JfSurface surface = Decode(kNv12, {160, 120});
    surface.visible_x = 16;
    surface.visible_y = 8;
    surface.visible_width = 128;
    surface.visible_height = 96;
    surface.rotation = rotation;
    ExpectAlike(DifferenceOf(surface, PreprocessSpec::Stretched(), {64, 64}),
                "turned " + std::to_string(rotation));
  }
}

TEST_P(Vic, UsesItsPicturesAgainFromBatchToBatch) {
  const JfSurface wide = Decode(kNv12, {128, 72});
  const JfSurface tall = Decode(kNv12, {72, 128});
  for (int batch = 0; batch < 50; ++batch) {
    scaled_->BeginBatch();
    const JfSurface first = scaled_->Scale(wide, {64, 36});
    const JfSurface second = scaled_->Scale(wide, {64, 36});
    const JfSurface third = scaled_->Scale(tall, {36, 64});
    EXPECT_NE(first.dmabuf_fd, second.dmabuf_fd) << "both are read by one kernel";
    dmabufs_->Get(first.dmabuf_fd);
    dmabufs_->Get(second.dmabuf_fd);
    dmabufs_->Get(third.dmabuf_fd);
  }
  EXPECT_EQ(ledger_->made, 3);
  EXPECT_EQ(ledger_->transforms, 150);
  EXPECT_LE(ledger_->sessions, 1) << "once for its thread";
}

TEST_P(Vic, FreesPicturesOfSizesThatCameOnce) {
  const JfSurface surface = Decode(kNv12, {128, 72});
  for (int side = 2; side < 200; side += 2) {
    scaled_->BeginBatch();
    dmabufs_->Get(scaled_->Scale(surface, {side, side}).dmabuf_fd);
    EXPECT_LE(ledger_->pictures, static_cast<int>(ScaledPictures::kMost) + 1);
    EXPECT_LE(ledger_->images, static_cast<int>(ScaledPictures::kMost) + 1);
  }
}

TEST_P(Vic, RoundsOddSidesUpAndSaysWhatItMade) {
  const JfSurface surface = Decode(kNv12, {128, 72});
  const JfSurface scaled = scaled_->Scale(surface, {63, 35});
  EXPECT_EQ(scaled.visible_width, 64);
  EXPECT_EQ(scaled.visible_height, 36);
  EXPECT_EQ(scaled.format, surface.format);
}

struct Refusal {
  JfCode code;
  std::string message;
};
template <typename Work>
Refusal RefusalOf(Work work) {
  try {
    work();
  } catch (const Failure& failure) {
    return {failure.code(), failure.what()};
  }
  return {JF_OK, ""};
}

TEST_P(Vic, TellsWhatItCannotDoAndGoesOn) {
  const JfSurface surface = Decode(kNv12, {128, 72});
  JfSurface host = surface;
  host.memory = JF_HOST;
  const Refusal foreign = RefusalOf([&] { scaled_->Scale(host, {64, 36}); });
  EXPECT_EQ(foreign.code, JF_UNSUPPORTED);
  EXPECT_NE(foreign.message.find("ask for preprocessing by cuda or cpu"), std::string::npos);

  ledger_->fail_create = true;
  const Refusal short_of_memory = RefusalOf([&] { scaled_->Scale(surface, {64, 36}); });
  EXPECT_EQ(short_of_memory.code, JF_OUT_OF_MEMORY);
  EXPECT_NE(short_of_memory.message.find("64x36"), std::string::npos);
  ledger_->fail_create = false;

  ledger_->fail_transform = true;
  const Refusal failed = RefusalOf([&] { scaled_->Scale(surface, {64, 36}); });
  EXPECT_EQ(failed.code, JF_INTERNAL);
  EXPECT_NE(failed.message.find("128x72 to 64x36"), std::string::npos) << failed.message;
  EXPECT_NE(failed.message.find("-2"), std::string::npos) << failed.message;
  ledger_->fail_transform = false;

  scaled_->BeginBatch();
  EXPECT_EQ(RefusalOf([&] { scaled_->Scale(surface, {64, 36}); }).code, JF_OK);
}

TEST(VicAbsent, NamesThePackageAndWhatToAskForInstead) {
  const Refusal refusal = RefusalOf([] { OpenCompositor("/nonexistent"); });
  EXPECT_EQ(refusal.code, JF_LIBRARY);
  for (const char* const word : {"libnvbufsurftransform.so", "libnvbuf_utils.so",
                                 "nvidia-l4t-multimedia-utils", "preprocessing by cuda"}) {
    EXPECT_NE(refusal.message.find(word), std::string::npos) << refusal.message;
  }
  EXPECT_FALSE(HasCompositor()) << "this machine is a Jetson";
}

}  // namespace
}  // namespace jetfleet::cuda
