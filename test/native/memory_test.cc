#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/memory/buffer_pool.h"
#include "core/memory/copies.h"
#include "core/memory/surface.h"
#include "core/memory/tensor.h"

namespace jetfleet {
namespace {

TEST(BufferPool, LendsABufferAgainWhenItsLastOwnerLetsGo) {
  BufferPool pool(100);
  BufferRef first = pool.Take();
  Buffer* const address = first.get();
  BufferRef shared = first;
  first.reset();
  EXPECT_NE(pool.Take().get(), address);
  shared.reset();
  const BufferRef again = pool.Take();
  EXPECT_TRUE(again.get() == address || pool.Take().get() == address);
  EXPECT_EQ(pool.made(), 2U);
}

TEST(BufferPool, MayGoBeforeItsBuffers) {
  BufferRef kept;
  {
    BufferPool pool(64);
    kept = pool.Take();
  }
  kept->MapToHost(0)[63] = 1;
  kept.reset();
}

TEST(BufferPool, SaysWhenThereIsNoMemoryLeft) {
  BufferPool pool(64, [](std::size_t) { return BufferRef(); });
  EXPECT_EQ(pool.Take(), nullptr);
  EXPECT_EQ(pool.made(), 0U);
}

TEST(BufferPool, ForgetsTheFenceOfTheLastUse) {
  struct Done final : Fence {
    void Wait() override {}
  };
  BufferPool pool(64);
  pool.Take()->set_fence(std::make_shared<Done>());
  EXPECT_EQ(pool.Take()->fence(), nullptr);
}

TEST(HostBuffer, IsNotThereWhenThereIsNotThatMuchMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer ends a process that asks for so much";
#else
  EXPECT_EQ(MakeHostBuffer(std::size_t{1} << 60), nullptr);
#endif
}

TEST(HostBuffer, IsAlignedForVectorInstructions) {
  for (const std::size_t bytes : {1U, 100U, 4096U}) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(MakeHostBuffer(bytes)->MapToHost(0)) % 64, 0U);
  }
}

SurfaceDesc Nv12Of(Size coded, Rect visible) {
  SurfaceDesc desc;
  desc.format = PixelFormat::kNv12;
  desc.coded = coded;
  desc.visible = visible;
  desc.planes[0] = {0, 0, coded.width};
  desc.planes[1] = {0, static_cast<std::size_t>(coded.width) * coded.height, coded.width};
  return desc;
}

TEST(Surface, ViewBeginsWhereThePictureDoes) {
  const BufferRef buffer = MakeHostBuffer(64 * 48 * 3 / 2);
  const Surface surface(Nv12Of({64, 48}, {4, 2, 50, 40}), buffer);
  SurfaceView view;
  ASSERT_TRUE(surface.MapToHost(&view).ok());
  EXPECT_EQ(view.size, (Size{50, 40}));
  EXPECT_EQ(view.planes[0] - buffer->MapToHost(0), 2 * 64 + 4);
  // One row and two pairs of U and V further.
  EXPECT_EQ(view.planes[1] - buffer->MapToHost(0), 64 * 48 + 64 + 4);
}

TEST(Surface, IsShownUprightAndWithSquarePixels) {
  struct Case {
    Size stored;
    SampleAspect aspect;
    Rotation rotation;
    Size shown;
  };
  // PAL and NTSC widescreen, anamorphic HDV, a telephone held upright, samples that are too high.
  const std::vector<Case> cases = {{{720, 576}, {64, 45}, Rotation::kNone, {1024, 576}},
                                   {{720, 480}, {32, 27}, Rotation::kNone, {853, 480}},
                                   {{1440, 1080}, {4, 3}, Rotation::kNone, {1920, 1080}},
                                   {{1920, 1080}, {1, 1}, Rotation::kQuarter, {1080, 1920}},
                                   {{1920, 1080}, {1, 1}, Rotation::kHalf, {1920, 1080}},
                                   {{720, 576}, {64, 45}, Rotation::kThreeQuarters, {576, 1024}},
                                   {{720, 480}, {8, 9}, Rotation::kNone, {720, 540}}};
  for (const Case& one : cases) {
    SurfaceDesc desc = Nv12Of(one.stored, {0, 0, one.stored.width, one.stored.height});
    desc.sample_aspect = one.aspect;
    desc.rotation = one.rotation;
    EXPECT_EQ(Surface(desc, MakeHostBuffer(1)).ShownSize(), one.shown) << one.stored.width;
  }
}

TEST(Surface, SaysWhichMemoryTheCpuCannotRead) {
  struct Device final : Buffer {
    Device() : Buffer(MemoryKind::kNvmm, 0, 64) {}
    std::uint8_t* MapToHost(int) override { return nullptr; }
  };
  SurfaceView view;
  const Status status =
      Surface(Nv12Of({8, 4}, {0, 0, 8, 4}), std::make_shared<Device>()).MapToHost(&view);
  EXPECT_EQ(status.code, ErrorCode::kInternal);
  EXPECT_NE(status.message.find("nvmm"), std::string::npos) << status.message;
}

TEST(Surface, HasPlanesThatCoverOddSizes) {
  EXPECT_EQ(PlaneSize(PixelFormat::kI420, 1, {7, 5}), (Size{4, 3}));
  EXPECT_EQ(PlaneSize(PixelFormat::kI422, 2, {7, 5}), (Size{4, 5}));
  EXPECT_EQ(PlaneSize(PixelFormat::kI444, 2, {7, 5}), (Size{7, 5}));
  EXPECT_EQ(PlaneSize(PixelFormat::kNv12, 1, {7, 5}), (Size{4, 3}));
}

TEST(Tensor, SlotsOfABatchLieBehindEachOther) {
  TensorDesc desc;
  desc.shape = {4, 3, 8, 8};
  const TensorView batch(desc, MakeHostBuffer(desc.bytes()));
  for (std::int64_t b = 0; b < 4; ++b) {
    const TensorView slot = batch.Slot(b);
    EXPECT_EQ(slot.desc().shape.Text(), "[1,3,8,8]");
    EXPECT_EQ(slot.Host<float>() - batch.Host<float>(), b * 3 * 8 * 8);
  }
  EXPECT_EQ(batch.First(2).desc().bytes(), desc.bytes() / 2);
}

TEST(Shape, CountsNothingWhenADimensionIsOpenOrTheProductIsTooLarge) {
  EXPECT_EQ((Shape{2, 3, 4}).Count(), 24);
  EXPECT_EQ((Shape{2, 3, 4}).Count(1), 12);
  EXPECT_EQ((Shape{-1, 3}).Count(), 0);
  EXPECT_EQ((Shape{0, 3}).Count(), 0);
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ((Shape{kHuge, 2}).Count(), 0);
  EXPECT_EQ((Shape{1LL << 31, 1LL << 31, 2}).Count(), 0);
}

TEST(Shape, HoldsAsManyDimensionsAsItCan) {
  Shape shape;
  for (std::size_t i = 0; i < Shape::kMaxRank; ++i) EXPECT_TRUE(shape.Append(1));
  EXPECT_FALSE(shape.Append(1));
  EXPECT_EQ(shape.rank(), Shape::kMaxRank);
}

TEST(CopyCount, TellsLinksApart) {
  CopyCount copies;
  copies.Add(Link::kDecoderToSurface, 100);
  copies.Add(Link::kSurfaceToInput, 10);
  copies.Add(Link::kSurfaceToInput, 10);
  EXPECT_EQ(copies.at(Link::kSurfaceToInput).copies, 2);
  EXPECT_EQ(copies.at(Link::kOutputToDecoder).copies, 0);
  EXPECT_EQ(copies.Total().bytes, 120U);
}

}  // namespace
}  // namespace jetfleet
