#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "backends/tensorrt/cuda/dmabuf.h"

/// With doubles of the vendor's calls: what is taken is given back, once.
namespace jetfleet::cuda {
namespace {

/// What is out, by place. The driver's double has no other way to it.
struct Ledger {
  std::map<void*, int> images;
  std::map<GraphicsResourceHandle, void*> resources;
  std::uintptr_t next = 1;
  int made = 0;
  int wrong = 0;
  bool fails = false;
};
Ledger* ledger = nullptr;

class FakeBuffers final : public PictureBuffers {
 public:
  void* ImageOf(int dmabuf_fd) override {
    void* const image = reinterpret_cast<void*>(ledger->next++);
    ledger->images[image] = dmabuf_fd;
    ++ledger->made;
    return image;
  }
  void Release(int dmabuf_fd, void* image) override {
    const auto found = ledger->images.find(image);
    if (found == ledger->images.end() || found->second != dmabuf_fd) {
      ++ledger->wrong;
      return;
    }
    for (const auto& [resource, of] : ledger->resources) ledger->wrong += of == image ? 1 : 0;
    ledger->images.erase(found);
  }
};

Driver FakeDriver() {
  Driver driver;
  driver.egl_register = [](GraphicsResourceHandle* resource, void* image, unsigned) -> Result {
    if (ledger->fails) return kErrorOutOfMemory;
    *resource = reinterpret_cast<GraphicsResourceHandle>(ledger->next++);
    ledger->resources[*resource] = image;
    return kSuccess;
  };
  driver.egl_frame = [](EglFrame* frame, GraphicsResourceHandle, unsigned, unsigned) -> Result {
    frame->plane_count = 2;
    return kSuccess;
  };
  driver.egl_unregister = [](GraphicsResourceHandle resource) -> Result {
    if (ledger->resources.erase(resource) == 0) ++ledger->wrong;
    return kSuccess;
  };
  return driver;
}

struct CudaDmabuf : testing::Test {
  CudaDmabuf() { ledger = &ledger_; }
  ~CudaDmabuf() override {
    for (const int fd : open_) close(fd);
    ledger = nullptr;
  }
  /// A descriptor of its own file, as each buffer has.
  int NewBuffer() {
    std::array<char, 32> name{"/tmp/jetfleet-dmabuf-XXXXXX"};
    const int fd = mkstemp(name.data());
    unlink(name.data());
    open_.push_back(fd);
    return fd;
  }
  void ExpectNothingOut() {
    EXPECT_TRUE(ledger_.images.empty());
    EXPECT_TRUE(ledger_.resources.empty());
    EXPECT_EQ(ledger_.wrong, 0);
  }

  Ledger ledger_;
  const Driver driver_ = FakeDriver();
  std::vector<int> open_;
};

TEST_F(CudaDmabuf, IsTakenOnceForEachBuffer) {
  {
    DmabufCache cache(std::make_unique<FakeBuffers>(), driver_);
    const int a = NewBuffer();
    const int b = NewBuffer();
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(cache.Get(a).plane_count, 2U);
      cache.Get(b);
    }
    EXPECT_EQ(ledger_.made, 2);
  }
  ExpectNothingOut();
}

TEST_F(CudaDmabuf, IsGivenBackWhenThereAreTooMany) {
  {
    DmabufCache cache(std::make_unique<FakeBuffers>(), driver_);
    for (std::size_t i = 0; i < 3 * DmabufCache::kMost; ++i) {
      cache.Get(NewBuffer());
      EXPECT_LE(ledger_.resources.size(), DmabufCache::kMost);
    }
    EXPECT_EQ(cache.size(), DmabufCache::kMost);
  }
  ExpectNothingOut();
}

TEST_F(CudaDmabuf, IsTakenAnewWhenItsNumberIsAnotherBuffers) {
  {
    DmabufCache cache(std::make_unique<FakeBuffers>(), driver_);
    const int number = NewBuffer();
    cache.Get(number);
    ASSERT_EQ(dup2(NewBuffer(), number), number);
    cache.Get(number);
    EXPECT_EQ(ledger_.made, 2);
    EXPECT_EQ(ledger_.resources.size(), 1U);
  }
  ExpectNothingOut();
}

TEST_F(CudaDmabuf, IsGivenBackWhenTheDriverDoesNotTakeIt) {
  DmabufCache cache(std::make_unique<FakeBuffers>(), driver_);
  ledger_.fails = true;
  EXPECT_THROW(cache.Get(NewBuffer()), Failure);
  EXPECT_EQ(cache.size(), 0U);
  ExpectNothingOut();
  EXPECT_THROW(cache.Get(-1), Failure);
}

TEST_F(CudaDmabuf, NeedsADriverThatReadsEglImages) {
  const Driver plain;
  EXPECT_THROW(DmabufCache(std::make_unique<FakeBuffers>(), plain), Failure);
}

TEST_F(CudaDmabuf, NamesBothLibrariesWhereThereIsNone) {
  try {
    OpenPictureBuffers();
    FAIL() << "this machine is a Jetson";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), JF_LIBRARY);
    EXPECT_NE(std::string(failure.what()).find("libnvbuf_utils.so"), std::string::npos);
  }
}

}  // namespace
}  // namespace jetfleet::cuda
