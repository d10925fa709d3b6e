#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/pipeline.h"
#include "made_source.h"
#include "world.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

constexpr auto kBudget = static_cast<std::size_t>(DropReason::kBudget);

PipelineOptions OptionsOf(std::vector<PipelineSource> sources) {
  PipelineOptions options;
  options.sources = std::move(sources);
  options.stats_interval = milliseconds(20);
  options.batch = milliseconds(2);
  return options;
}

/// Indices of the source's frames, in order.
std::vector<std::uint64_t> IndicesOf(const Seen& seen, std::uint32_t source) {
  std::vector<std::uint64_t> indices;
  for (const FrameResult& frame : seen.frames) {
    if (frame.id.source == source) indices.push_back(frame.id.index);
  }
  return indices;
}

/// The last few frames of a live source are so far apart, however many were lost for other reasons.
bool AreApart(const Seen& seen, std::size_t from, std::uint64_t every) {
  const std::vector<std::uint64_t> indices = IndicesOf(seen, 0);
  constexpr std::size_t kFew = 10;
  if (seen.frames.size() < from + kFew || indices.size() < kFew) return false;
  for (std::size_t i = indices.size() - kFew + 1; i < indices.size(); ++i) {
    if ((indices[i] - indices[i - 1]) % every != 0) return false;
  }
  return true;
}

TEST(Admission, OfALiveSourceLeavesFramesOutAndCountsThemAndOfAFileNone) {
  const auto device = std::make_shared<FakeDevice>();
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("camera", true), Made("file", false)}), FakeModelOn(device),
                    &recorder);
  ASSERT_TRUE(pipeline.SetAdmission(4).ok());
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) {
    return IndicesOf(seen, 0).size() >= 30 && IndicesOf(seen, 1).size() >= 30 &&
           seen.stats.size() >= 2;
  }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  for (const std::uint64_t index : IndicesOf(seen, 0)) EXPECT_EQ(index % 4, 3U);
  const PipelineReport& report = seen.stats.back();
  const SourceFigures& camera = report.figures.sources[0];
  EXPECT_GE(camera.drops[kBudget], 3 * report.outputs[0].frames_total);
  EXPECT_EQ(report.figures.sources[1].drops[kBudget], 0U);
  EXPECT_GE(report.dropped_total, camera.drops[kBudget]) << "they are a part of all";
  EXPECT_STREQ(DropReasonName(DropReason::kBudget), "budget");
}

TEST(Admission, ChangesWhileFramesFlowAndWithEachSwap) {
  const auto device = std::make_shared<FakeDevice>();
  Recorder recorder;
  PipelineOptions options = OptionsOf({Made("camera", true)});
  options.sources[0].options.timeout = std::chrono::seconds(10);
  Pipeline pipeline(options, FakeModelOn(device), &recorder);
  EXPECT_EQ(pipeline.SetAdmission(0).code, ErrorCode::kUsage);
  EXPECT_EQ(pipeline.SetAdmission(-1).code, ErrorCode::kUsage);
  pipeline.Start();
  for (const int every : {3, 5, 2}) {
    const std::size_t before = recorder.Copy().frames.size();
    ASSERT_TRUE(pipeline.SetAdmission(every).ok());
    EXPECT_TRUE(recorder.WaitFor([&](const Seen& seen) {
      return AreApart(seen, before, static_cast<std::uint64_t>(every));
    })) << every;
    std::optional<ModelChange> change;
    const ModelTag tag{"every " + std::to_string(every), {"object"}};
    ASSERT_TRUE(pipeline.SwapModel(FakeModelOn(device, tag), &change).ok());
    EXPECT_TRUE(change.has_value()) << "frames that are admitted are enough for it";
    const std::size_t after = recorder.Copy().frames.size();
    EXPECT_TRUE(recorder.WaitFor([&](const Seen& seen) {
      return AreApart(seen, after, static_cast<std::uint64_t>(every));
    })) << every;
  }
  ASSERT_TRUE(pipeline.SetAdmission(1).ok());
  const auto dropped = [&recorder] {
    const Seen seen = recorder.Copy();
    return seen.stats.back().figures.sources[0].drops[kBudget];
  };
  const std::size_t reports = recorder.Copy().stats.size();
  ASSERT_TRUE(
      recorder.WaitFor([&](const Seen& seen) { return seen.stats.size() >= reports + 2; }));
  const std::uint64_t then = dropped();
  ASSERT_TRUE(
      recorder.WaitFor([&](const Seen& seen) { return seen.stats.size() >= reports + 6; }));
  EXPECT_EQ(dropped(), then) << "all are admitted again";
  pipeline.Stop();
}

}  // namespace
}  // namespace jetfleet
