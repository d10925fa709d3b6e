#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/pipeline.h"
#include "slow_decoder.h"
#include "world.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

constexpr double kWorkMs = 80;  // 25 pictures a second come, 12.5 can be decoded

/// A camera whose pictures are black and white in turn: what is made from a wrong one is neither.
TestCamera::Options Blinking(int group) {
  TestCamera::Options options;
  options.launch =
      "videotestsrc is-live=true pattern=blink ! "
      "video/x-raw,width=64,height=48,framerate=25/1,format=I420 ! "
      "x264enc tune=zerolatency key-int-max=" +
      std::to_string(group) + " ! rtph264pay name=pay0 pt=96";
  return options;
}

PipelineOptions LiveOptions(const std::string& uri) {
  PipelineOptions options;
  options.sources.resize(1);
  options.sources[0].name = "door";
  options.sources[0].options.uri = uri;
  options.sources[0].options.timeout = milliseconds(3000);
  options.stats_interval = milliseconds(100);
  options.batch = milliseconds(1);
  return options;
}

/// Counts inputs that are not of one colour, or of a third one.
struct PictureCheck {
  std::atomic<int> whole{0};
  std::atomic<int> broken{0};
  void operator()(const JfTensor& input) {
    const auto* const values = static_cast<const float*>(input.data);
    const auto [low, high] = std::minmax_element(values, values + std::ptrdiff_t{64} * 48);
    const bool black = *high < 20;
    const bool white = *low > 235;
    ++(black || white ? whole : broken);
  }
};

TEST(OverloadedDecoder, ShowsNewWholePicturesAndCountsEachOneThatItLeavesOut) {
  const SlowDecoder slow{milliseconds(80)};
  TestCamera camera(Blinking(10));
  camera.Start();
  PictureCheck check;
  const auto device = std::make_shared<FakeDevice>();
  device->look = [&check](const JfTensor& input) { check(input); };
  Recorder recorder;
  Pipeline pipeline(LiveOptions(camera.Uri()), FakeModelOn(device), &recorder);
  pipeline.Start();
  // The first second is what a burst is given; then come five groups.
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 50; }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();

  EXPECT_EQ(check.broken, 0);
  EXPECT_GE(check.whole, 50);
  const SourceFigures& source = seen.stats.back().figures.sources[0];
  EXPECT_EQ(source.facts.decoder, "nvv4l2decoder");

  std::vector<double> medians;
  for (const PipelineReport& report : seen.stats) {
    if (report.latency_ms) medians.push_back(report.latency_ms->p50);
  }
  ASSERT_GE(medians.size(), 20U);
  medians.erase(medians.begin(), medians.begin() + static_cast<std::ptrdiff_t>(medians.size() / 2));
  std::sort(medians.begin(), medians.end());
  const double p50 = medians[medians.size() / 2];
  RecordProperty("p50Ms", std::to_string(p50));
  EXPECT_LE(p50, 2.5 * kWorkMs);

  const auto of = [&](DropReason reason) { return source.drops[static_cast<std::size_t>(reason)]; };
  EXPECT_GT(of(DropReason::kOverload), 10U);
  EXPECT_EQ(of(DropReason::kCorrupt) + of(DropReason::kDecoder) + of(DropReason::kAfterLoss), 0U);
  const StageReport& decode = seen.stats.back().figures.stages.front();
  EXPECT_EQ(decode.name, "decode");
  EXPECT_EQ(decode.queue.drops_total,
            std::accumulate(source.drops.begin(), source.drops.end(), std::uint64_t{0}));
  // Pictures come each 40 ms: what is missing between two results was left out, and counted.
  std::uint64_t missing = 0;
  const std::uint64_t reported = seen.stats.back().frames_total;
  for (std::size_t i = 1; i < reported; ++i) {
    const double apart = seen.frames[i].pts_ms - seen.frames[i - 1].pts_ms;
    missing += static_cast<std::uint64_t>(std::llround(apart / 40)) - 1;
  }
  EXPECT_LE(missing, of(DropReason::kOverload));
  EXPECT_LE(of(DropReason::kOverload), missing + 12) << "but for those since the last result";
}

}  // namespace
}  // namespace jetfleet
