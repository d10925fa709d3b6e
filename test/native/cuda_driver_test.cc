#include <gtest/gtest.h>

#include "backends/tensorrt/cuda/driver.h"
#include "backends/tensorrt/cuda/nvrtc.h"

namespace jetfleet::cuda {
namespace {

template <typename Work>
Failure FailureOf(Work work) {
  try {
    work();
  } catch (const Failure& failure) {
    return failure;
  }
  return {JF_OK, "nothing failed"};
}

bool Says(const Failure& failure, const std::string& words) {
  return std::string(failure.what()).find(words) != std::string::npos;
}

TEST(CudaDriver, IsMissedByNameWithWhatToInstall) {
  const Failure failure = FailureOf([] { LoadDriver("libcuda-that-is-not-there.so.1"); });
  EXPECT_EQ(failure.code(), JF_LIBRARY);
  EXPECT_TRUE(Says(failure, "libcuda-that-is-not-there.so.1")) << failure.what();
  EXPECT_TRUE(Says(failure, "install the NVIDIA driver")) << failure.what();
}

TEST(CudaDriver, IsNotTakenForAnotherLibrary) {
  const Failure failure = FailureOf([] { LoadDriver("libm.so.6"); });
  EXPECT_EQ(failure.code(), JF_LIBRARY);
  EXPECT_TRUE(Says(failure, "it has no cuInit")) << failure.what();
}

TEST(CudaNvrtc, IsMissedByNameWithWhatToInstall) {
  const Failure absent = FailureOf([] { Nvrtc("libnvrtc-that-is-not-there.so.12"); });
  EXPECT_EQ(absent.code(), JF_LIBRARY);
  EXPECT_TRUE(Says(absent, "libnvrtc-that-is-not-there.so.12")) << absent.what();
  EXPECT_TRUE(Says(absent, "JETFLEET_NVRTC")) << absent.what();
  const Failure other = FailureOf([] { Nvrtc("libm.so.6"); });
  EXPECT_EQ(other.code(), JF_LIBRARY);
  EXPECT_TRUE(Says(other, "libm.so.6 is not NVRTC")) << other.what();
}

}  // namespace
}  // namespace jetfleet::cuda
