#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "backends/tensorrt/cuda/embedded.h"

namespace jetfleet::cuda {
namespace {

/// TX1 and Nano, TX2, Xavier, a card of a fleet member, its successor, Orin, an H100.
constexpr int kCapabilities[] = {53, 62, 72, 75, 86, 87, 90};

/// NVRTC 12.9, which the Makefile fetches; null where it could not.
const char* ForBoards() {
  const char* const path = std::getenv("JETFLEET_NVRTC_FOR_BOARDS");
  return path == nullptr || *path == '\0' ? nullptr : path;
}

TEST(CudaKernels, AreCompiledForEveryBoard) {
  if (ForBoards() == nullptr) GTEST_SKIP() << "NVRTC could not be fetched";
  const Nvrtc nvrtc(ForBoards());
  for (const int capability : kCapabilities) {
    for (const KernelSource& source : {PrepareSource(), CandidatesSource()}) {
      const KernelBinary binary = nvrtc.Compile(source.name, source.text, capability);
      // A cubin is an ELF file.
      ASSERT_GT(binary.size(), 1000U);
      EXPECT_EQ(std::string(binary.data(), 4), "\177ELF") << source.name << " " << capability;
    }
  }
}

TEST(CudaKernels, SayWhatTheCompilerHasAgainstThem) {
  if (ForBoards() == nullptr) GTEST_SKIP() << "NVRTC could not be fetched";
  const Nvrtc nvrtc(ForBoards());
  try {
    nvrtc.Compile("wrong", "extern \"C\" __global__ void wrong() { no_such_thing(); }", 87);
    FAIL() << "it was compiled";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), JF_INTERNAL);
    EXPECT_NE(std::string(failure.what()).find("no_such_thing"), std::string::npos);
  }
  try {
    nvrtc.Compile("old", "extern \"C\" __global__ void old() {}", 30);
    FAIL() << "it was compiled";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), JF_LIBRARY);
    EXPECT_NE(std::string(failure.what()).find("no GPU of compute capability 3.0"),
              std::string::npos);
  }
}

/// A folder of its own that is gone afterwards.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("jetfleet-kernels-" + std::to_string(getpid()));
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST(CudaKernels, AreCompiledOnceAndAgainWhenWhatIsKeptIsNotWhole) {
  if (ForBoards() == nullptr) GTEST_SKIP() << "NVRTC could not be fetched";
  setenv("JETFLEET_NVRTC", ForBoards(), 1);
  const Folder folder;
  const KernelCache cache(folder.path.string() + "/kernels");
  const KernelSource source = CandidatesSource();
  const KernelBinary first = cache.Get(source, 87);
  const std::string path = cache.PathOf(source, 87);
  ASSERT_TRUE(std::filesystem::exists(path));
  const auto kept = std::filesystem::last_write_time(path);
  EXPECT_EQ(cache.Get(source, 87), first);
  EXPECT_EQ(std::filesystem::last_write_time(path), kept);

  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 100);
  EXPECT_EQ(cache.Get(source, 87), first);
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(-5, std::ios::end)
      << "xx";
  EXPECT_EQ(cache.Get(source, 87), first);
}

}  // namespace
}  // namespace jetfleet::cuda
