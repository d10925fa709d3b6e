#include "core/media/nvmm.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backends/tensorrt/cuda/dmabuf.h"
#include "core/media/elements.h"
#include "core/pipeline.h"
#include "fake_backend.h"
#include "not_installed.h"
#include "nvmm_decoder.h"
#include "world.h"

/// Pictures from a Jetson's decoder to its accelerator, with doubles of decoder, libraries and
/// driver: nobody copies them, and each goes back.
namespace jetfleet {
namespace {

constexpr int kFrames = 40;

/// A driver whose frame of an image is the double's picture itself.
struct Registered {
  static inline int images = 0;
  static inline int all = 0;
  static cuda::Driver Driver() {
    images = all = 0;
    cuda::Driver driver;
    driver.egl_register = [](cuda::GraphicsResourceHandle* resource, void* image,
                             unsigned) -> cuda::Result {
      *resource = static_cast<cuda::GraphicsResourceHandle>(image);
      ++images;
      ++all;
      return cuda::kSuccess;
    };
    driver.egl_frame = [](cuda::EglFrame* frame, cuda::GraphicsResourceHandle resource, unsigned,
                          unsigned) -> cuda::Result {
      auto* const picture = reinterpret_cast<nvbuf_double::Picture*>(resource);
      frame->frame_type = cuda::kEglFramePitch;
      frame->pitch = static_cast<unsigned>(picture->strides[0]);
      frame->frame.pitch[0] = picture->samples[0].data();
      return cuda::kSuccess;
    };
    driver.egl_unregister = [](cuda::GraphicsResourceHandle) -> cuda::Result {
      --images;
      return cuda::kSuccess;
    };
    return driver;
  }
};

class NvmmPath : public testing::TestWithParam<const char*> {
 protected:
  std::string folder_ = std::string(JETFLEET_NVBUF_DOUBLES) + "/" + GetParam();

  void SetUp() override { MakeVideo(video_.path(), kFrames, true); }

  PipelineOptions Options() const {
    PipelineOptions options;
    options.track = std::nullopt;
    options.sources.resize(1);
    options.sources[0].name = "camera";
    options.sources[0].options.uri = "file://" + video_.path();
    options.sources[0].options.nvmm = NvmmPictures::Open(folder_);
    return options;
  }

  static std::shared_ptr<FakeDevice> Device(bool takes_nvmm) {
    auto device = std::make_shared<FakeDevice>();
    device->prepares = device->takes_nvmm = takes_nvmm;
    device->tickets = 2;
    return device;
  }

  static Recorder::Seen Play(const PipelineOptions& options, std::shared_ptr<ModelProgram> model) {
    Recorder recorder;
    Pipeline pipeline(options, std::move(model), &recorder);
    pipeline.Start();
    EXPECT_TRUE(recorder.WaitFor([](const Recorder::Seen& seen) {
      return seen.Reached(SourceState::kEnded) || !seen.failed.empty();
    }));
    pipeline.Stop();
    return recorder.Copy();
  }

  const TempFile video_{".mp4"};
};

TEST_P(NvmmPath, GivesEachPictureByItsDmabufAndNobodyCopiesOrLosesIt) {
  const NvmmDecoder decoder(folder_);
  const cuda::Driver driver = Registered::Driver();
  const auto device = Device(true);
  std::set<int> fds;
  {
    cuda::DmabufCache cache(cuda::OpenPictureBuffers(folder_), driver);
    device->look_at = [&](const JfSurface& surface) {
      ASSERT_EQ(surface.memory, JF_NVMM);
      EXPECT_EQ(surface.planes[0], nullptr);
      EXPECT_EQ(surface.visible_width, 64);
      EXPECT_EQ(surface.visible_height, 48);
      fds.insert(surface.dmabuf_fd);
      const std::string luma = decoder.LumaOf(surface.dmabuf_fd);
      ASSERT_FALSE(luma.empty()) << "a picture that was given back already";
      const cuda::EglFrame& frame = cache.Get(surface.dmabuf_fd);
      const auto* const samples = static_cast<const char*>(frame.frame.pitch[0]);
      EXPECT_EQ(std::string(samples, luma.size()), luma);
    };
    const Recorder::Seen seen = Play(Options(), FakeModelOn(device));
    EXPECT_TRUE(seen.failed.empty());
    ASSERT_EQ(seen.frames.size(), static_cast<std::size_t>(kFrames));
    for (int i = 0; i < kFrames; ++i) {
      ASSERT_TRUE(seen.frames[static_cast<std::size_t>(i)].tag);
      EXPECT_EQ(seen.frames[static_cast<std::size_t>(i)].tag->frame_number,
                static_cast<std::uint64_t>(i));
    }
    // The GPU was told of each once, though each came again and again.
    EXPECT_EQ(Registered::all, static_cast<int>(fds.size()));
    EXPECT_LT(static_cast<int>(fds.size()), 20);
  }
  EXPECT_EQ(device->surfaces.size(), static_cast<std::size_t>(kFrames));
  EXPECT_EQ(decoder.outside(), 0);
  EXPECT_EQ(Registered::images, 0);
  EXPECT_EQ(decoder.ledger().images, 0);
  EXPECT_EQ(decoder.ledger().mistakes, 0);
}

TEST_P(NvmmPath, IsNotForAModelThatTheCpuPrepares) {
  const NvmmDecoder decoder(folder_);
  const auto device = Device(false);
  const Recorder::Seen seen = Play(Options(), FakeModelOn(device));
  EXPECT_EQ(seen.frames.size(), static_cast<std::size_t>(kFrames));
  EXPECT_EQ(decoder.made(), 0);
}

TEST_P(NvmmPath, RefusesToExchangeTheModelForOneThatTheCpuPrepares) {
  const NvmmDecoder decoder(folder_);
  Recorder recorder;
  Pipeline pipeline(Options(), FakeModelOn(Device(true)), &recorder);
  pipeline.Start();
  std::optional<ModelChange> change;
  const Status refused = pipeline.SwapModel(FakeModelOn(Device(false)), &change);
  EXPECT_EQ(refused.code, ErrorCode::kModelInvalid);
  EXPECT_NE(refused.message.find("NVMM"), std::string::npos);
  EXPECT_TRUE(pipeline.SwapModel(FakeModelOn(Device(true)), &change).ok());
  pipeline.Stop();
  EXPECT_EQ(decoder.outside(), 0);
}

INSTANTIATE_TEST_SUITE_P(OfBothJetpacks, NvmmPath, testing::Values("jetpack4", "jetpack5"),
                         [](const auto& one) { return std::string(one.param); });

/// What a source gave whose pictures may stay in the decoder.
struct Given {
  std::vector<MemoryKind> kinds;
  std::vector<Status> warnings;
  std::vector<Status> failed;
};

Given ReadAll(const TempFile& video, const std::string& folder) {
  SourceOptions options;
  options.uri = "file://" + video.path();
  options.nvmm = NvmmPictures::Open(folder);
  EXPECT_NE(options.nvmm, nullptr);
  std::mutex mutex;
  std::condition_variable changed;
  Given given;
  bool ended = false;
  const auto note = [&](auto change) {
    const std::lock_guard<std::mutex> lock(mutex);
    change();
    changed.notify_all();
  };
  Source source(options,
                {[&](const FramePtr& frame) {
                   note([&] { given.kinds.push_back(frame->surface->buffer()->kind()); });
                 },
                 [&](SourceState state, const Status&) {
                   note([&] { ended = ended || state == SourceState::kEnded; });
                 },
                 [&](const Status& failed) {
                   note([&] {
                     given.failed.push_back(failed);
                     ended = true;
                   });
                 },
                 [&](const Status& warning) { note([&] { given.warnings.push_back(warning); }); }});
  source.Start();
  {
    std::unique_lock<std::mutex> lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return ended; }));
  }
  source.Stop();
  return given;
}

const std::string& Jetpack5() {
  static const std::string folder = std::string(JETFLEET_NVBUF_DOUBLES) + "/jetpack5";
  return folder;
}

/// As a PC's decoder of the same name has them.
TEST(Nvmm, CopiesPicturesThatLieInNoDmabufAndSaysSo) {
  const TempFile video(".mp4");
  MakeVideo(video.path(), kFrames, true);
  const NvmmDecoder decoder(Jetpack5(), NvmmDecoder::Memory::kCuda);
  const Given given = ReadAll(video, Jetpack5());
  EXPECT_TRUE(given.failed.empty());
  EXPECT_EQ(given.kinds, std::vector<MemoryKind>(kFrames, MemoryKind::kHost));
  ASSERT_EQ(given.warnings.size(), 2U);
  EXPECT_EQ(given.warnings[0].code, ErrorCode::kNativeLoad);
  EXPECT_NE(given.warnings[0].message.find("copied to the host"), std::string::npos);
  EXPECT_EQ(given.warnings[1].message,
            MissingElement("nvvidconv").message + "; the next decoder is tried");
}

TEST(Nvmm, OfAnElementThatIsNotInstalledNamesThatAndSpeaksOfNoCopies) {
  const TempFile video(".mp4");
  MakeVideo(video.path(), kFrames, true);
  const NvmmDecoder decoder(Jetpack5());
  const NotInstalled without("h264parse");
  const Given given = ReadAll(video, Jetpack5());
  ASSERT_EQ(given.failed.size(), 1U);
  EXPECT_EQ(given.failed[0].message, MissingElement("h264parse").message);
  EXPECT_TRUE(given.warnings.empty()) << given.warnings[0].message;
}

TEST(Nvmm, SaysWhereTheDecoderItselfIsNotInstalled) {
  const TempFile video(".mp4");
  MakeVideo(video.path(), kFrames, true);
  const Given given = ReadAll(video, Jetpack5());
  EXPECT_TRUE(given.failed.empty());
  EXPECT_EQ(given.kinds, std::vector<MemoryKind>(kFrames, MemoryKind::kHost));
  ASSERT_EQ(given.warnings.size(), 1U);
  EXPECT_EQ(given.warnings[0].message,
            MissingElement("nvv4l2decoder").message + "; the next decoder is tried");
}

TEST(Nvmm, IsNothingWhereTheLibrariesAreNot) { EXPECT_EQ(NvmmPictures::Open("/nowhere"), nullptr); }

}  // namespace
}  // namespace jetfleet
