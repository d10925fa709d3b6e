#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>

#include "core/media/source.h"
#include "v4l2_double.h"
#include "world.h"

/// Pictures that a camera of this machine gives and that its parser or decoder keeps to itself.
namespace jetfleet {
namespace {

using Buffers = V4l2Double::Buffers;
constexpr char kH264Caps[] =
    "video/x-h264,stream-format=(string)byte-stream,alignment=(string)au,width=(int)64,"
    "height=(int)48,framerate=(fraction)25/1";

/// Pictures of a stream without B-frames, a key picture with its sets every 12, each in a buffer.
Buffers Pictures(int count, const std::string& encoder =
                                "libx264 -x264-params "
                                "keyint=12:min-keyint=12:scenecut=0:"
                                "bframes=0:aud=1") {
  const TempFile stream(".h264");
  const std::string make = "ffmpeg -v error -y -f lavfi -i testsrc=size=64x48:rate=25 -frames:v " +
                           std::to_string(count) + " -pix_fmt yuv420p -c:v " + encoder + " " +
                           stream.path();
  EXPECT_EQ(std::system(make.c_str()), 0);
  std::ifstream file(stream.path(), std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  const std::vector<std::uint8_t> delimiter = {0, 0, 0, 1, 9};
  Buffers pictures;
  auto at = bytes.begin();
  while (at != bytes.end()) {
    const auto next = std::search(at + 1, bytes.end(), delimiter.begin(), delimiter.end());
    pictures.emplace_back(at, next);
    at = next;
  }
  EXPECT_EQ(pictures.size(), static_cast<std::size_t>(count));
  return pictures;
}

struct Read {
  std::size_t frames = 0;
  std::map<std::string, std::uint64_t> drops;

  std::uint64_t accounted() const {
    std::uint64_t sum = frames;
    for (const auto& [reason, count] : drops) sum += count;
    return sum;
  }
};

/// Until the camera is lost.
Read ReadCamera(const std::string& format, const std::string& caps, const Buffers& buffers) {
  const V4l2Double camera(caps, buffers);
  SourceOptions options;
  options.uri = "v4l2:///dev/video0?format=" + format;
  std::mutex mutex;
  std::condition_variable changed;
  Read read;
  bool lost = false;
  const auto note = [&](auto change) {
    const std::lock_guard<std::mutex> lock(mutex);
    change();
    changed.notify_all();
  };
  Source source(options, {[&](const FramePtr&) { note([&] { ++read.frames; }); },
                          [&](SourceState state, const Status&) {
                            note([&] { lost = lost || state == SourceState::kLost; });
                          },
                          [](const Status& failed) { ADD_FAILURE() << failed.message; },
                          [](const Status&) {}});
  source.Start();
  {
    std::unique_lock<std::mutex> lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return lost; }));
  }
  source.Stop();
  const DropCounts::Counts counts = source.meter().drops.Get();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) read.drops[DropReasonName(static_cast<DropReason>(i))] = counts[i];
  }
  return read;
}

/// Its slices say nothing that a parser knows.
void Break(std::vector<std::uint8_t>* picture) {
  for (std::size_t at = 4; at < picture->size(); ++at) {
    const int type = (*picture)[at] & 0x1f;
    const bool begins =
        (*picture)[at - 1] == 1 && (*picture)[at - 2] == 0 && (*picture)[at - 3] == 0;
    if (begins && (type == 1 || type == 5)) {
      std::fill(picture->begin() + static_cast<std::ptrdiff_t>(at) + 1, picture->end(), 0x81);
      return;
    }
  }
}

TEST(Withheld, OfAWholeStreamNothingIs) {
  const Read read = ReadCamera("h264", kH264Caps, Pictures(60));
  EXPECT_EQ(read.frames, 60U);
  EXPECT_TRUE(read.drops.empty());
}

TEST(Withheld, WhatACameraGivesBeforeItsParameterSetsIsCounted) {
  Buffers pictures = Pictures(60);
  pictures.erase(pictures.begin(), pictures.begin() + 5);
  const Read read = ReadCamera("h264", kH264Caps, pictures);
  EXPECT_EQ(read.frames, 48U);
  EXPECT_EQ(read.drops, (std::map<std::string, std::uint64_t>{{"before-key-frame", 7}}));
}

TEST(Withheld, APictureThatCannotBeDecodedIsCountedAndWhatNeedsItToo) {
  Buffers pictures = Pictures(60);
  Break(&pictures[30]);
  const Read read = ReadCamera("h264", kH264Caps, pictures);
  EXPECT_EQ(read.accounted(), 60U);
  EXPECT_EQ(read.frames, 60U - 6U);
}

TEST(Withheld, ThePictureThatIsTheLastIsCounted) {
  Buffers pictures = Pictures(13);
  Break(&pictures[12]);
  const Read read = ReadCamera("h264", kH264Caps, pictures);
  EXPECT_EQ(read.frames, 12U);
  EXPECT_EQ(read.accounted(), 13U);
}

TEST(Withheld, OfMotionJpegABrokenPictureIsCounted) {
  const TempFile stream(".avi");
  const std::string picture = stream.path() + ".jpg";
  const std::string make =
      "ffmpeg -v error -y -f lavfi -i testsrc=size=64x48:rate=25 -frames:v 1 "
      "-pix_fmt yuvj420p " +
      picture;
  ASSERT_EQ(std::system(make.c_str()), 0);
  std::ifstream file(picture, std::ios::binary);
  const std::vector<std::uint8_t> whole{std::istreambuf_iterator<char>(file), {}};
  Buffers pictures(20, whole);
  pictures[7].resize(40);
  const Read read = ReadCamera(
      "mjpeg", "image/jpeg,width=(int)64,height=(int)48,framerate=(fraction)25/1", pictures);
  EXPECT_EQ(read.frames, 19U);
  EXPECT_EQ(read.accounted(), 20U);
}

}  // namespace
}  // namespace jetfleet
