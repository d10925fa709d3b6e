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

/// What goes to standard error meanwhile.
template <typename Work>
std::string Said(Work work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

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
  EXPECT_EQ(Said([&] { EXPECT_EQ(cache.Get(source, 87), first); }),
            path + " is not taken, for it was cut off or altered\n");
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(-5, std::ios::end)
      << "xx";
  EXPECT_NE(Said([&] { EXPECT_EQ(cache.Get(source, 87), first); }), "");
  // Of an Orin, under the name of a Xavier's.
  std::filesystem::copy(path, cache.PathOf(source, 72));
  EXPECT_EQ(
      Said([&] { EXPECT_NE(cache.Get(source, 72), first); }),
      cache.PathOf(source, 72) + " is not taken, for it is of another source, GPU or version\n");
  EXPECT_EQ(Said([&] { EXPECT_EQ(cache.Get(source, 87), first); }), "");
}

TEST(CudaKernels, AreTakenFromWhereTheyAreGivenAndNothingIsWrittenThere) {
  if (ForBoards() == nullptr) GTEST_SKIP() << "NVRTC could not be fetched";
  setenv("JETFLEET_NVRTC", ForBoards(), 1);
  const Folder folder;
  const std::string given = folder.path.string() + "/given";
  std::filesystem::create_directories(given);
  const KernelCache builder(given);
  builder.Compile(CandidatesSource(), 62);
  const std::string path = builder.PathOf(CandidatesSource(), 62);
  const std::string own = folder.path.string() + "/own";
  const KernelCache runner(own, given);
  EXPECT_EQ(runner.Get(CandidatesSource(), 62), builder.Get(CandidatesSource(), 62));
  EXPECT_FALSE(std::filesystem::exists(own));
  std::filesystem::resize_file(path, 1000);
  EXPECT_NE(Said([&] { EXPECT_GT(runner.Get(CandidatesSource(), 62).size(), 1000U); }), "");
  EXPECT_EQ(std::filesystem::file_size(path), 1000U);
  // A runner that may write nowhere compiles again.
  const KernelCache bare("", given + "/none");
  EXPECT_EQ(bare.Get(CandidatesSource(), 62), runner.Get(CandidatesSource(), 62));

  const KernelCache nowhere(folder.path.string() + "/not/there");
  EXPECT_THROW(nowhere.Compile(CandidatesSource(), 62), Failure);
}

}  // namespace
}  // namespace jetfleet::cuda
