#include "core/infer/assembly.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <numeric>

#include "core/pipeline.h"
#include "fake_backend.h"
#include "made_source.h"
#include "world.h"

// Pictures of which a model sees several parts, from a source to the listener.

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

const std::vector<Region> kQuarters = {
    {0, 0, 0.5, 0.5}, {0.5, 0, 0.5, 0.5}, {0, 0.5, 0.5, 0.5}, {0.5, 0.5, 0.5, 0.5}};

PipelineSource Quartered(const std::string& name, bool live,
                         milliseconds interval = milliseconds(1)) {
  PipelineSource source = Made(name, live, interval);
  source.regions = kQuarters;
  return source;
}

PipelineOptions OptionsOf(std::vector<PipelineSource> sources) {
  PipelineOptions options;
  options.sources = std::move(sources);
  options.stats_interval = milliseconds(20);
  options.batch = milliseconds(2);
  options.share_interval = milliseconds(100);
  return options;
}

/// The device sees an object in the upper left quarter of whatever it is given.
void ExpectOneInEachQuarter(const FrameResult& frame) {
  EXPECT_TRUE(frame.size == (Size{8, 8}));
  ASSERT_EQ(frame.detections.size(), 4U);
  std::vector<Box> boxes;
  for (const Detection& one : frame.detections) boxes.push_back(one.box);
  std::sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) {
    return std::make_pair(a.top, a.left) < std::make_pair(b.top, b.left);
  });
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    EXPECT_NEAR(boxes[i].left, i % 2 == 0 ? 0 : 4, 0.01);
    EXPECT_NEAR(boxes[i].top, i < 2 ? 0 : 4, 0.01);
    EXPECT_NEAR(boxes[i].width, 2, 0.01);
    EXPECT_NEAR(boxes[i].height, 2, 0.01);
  }
}

/// Each once and in order; files lose none.
void ExpectOrder(const Seen& seen, const std::vector<bool>& live) {
  EXPECT_TRUE(seen.failed.empty());
  std::vector<std::uint64_t> next(live.size());
  for (const FrameResult& frame : seen.frames) {
    std::uint64_t& due = next[frame.id.source];
    ASSERT_GE(frame.id.index, due);
    if (!live[frame.id.source]) {
      ASSERT_EQ(frame.id.index, due);
    }
    due = frame.id.index + 1;
  }
}

std::vector<LaneOptions> Lanes(std::size_t count) {
  std::vector<LaneOptions> lanes;
  for (std::size_t i = 0; i < count; ++i) lanes.push_back({"lane" + std::to_string(i), "", "", ""});
  return lanes;
}

TEST(Assembly, GivesOneFrameForAllPartsOfAPicture) {
  for (const bool live : {false, true}) {
    for (const std::int64_t batch : {1, 3, 4, -1}) {
      for (const std::size_t lanes : {1U, 3U}) {
        const auto device = std::make_shared<FakeDevice>();
        device->batch = batch;
        device->tickets = 2;
        // Lanes that overtake one another.
        device->delays = {{"lane0", milliseconds(1)}, {"lane1", milliseconds(3)}};
        Recorder recorder;
        Pipeline pipeline(OptionsOf({Quartered("door", live), Made("yard", live)}),
                          FakeModelOn(device, {"fake", {"object"}}, Lanes(lanes)), &recorder);
        pipeline.Start();
        ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 40; }));
        pipeline.Stop();
        const Seen seen = recorder.Copy();
        ExpectOrder(seen, {live, live});
        for (const FrameResult& frame : seen.frames) {
          if (frame.id.source == 0) ExpectOneInEachQuarter(frame);
          if (frame.id.source == 1) {
            EXPECT_EQ(frame.detections.size(), 1U);
          }
        }
      }
    }
  }
}

TEST(Assembly, CountsWhatTwoPartsSeeOnce) {
  // The object of the whole picture is the quarter of it, and that of the other part as well.
  PipelineSource source = Made("door", false);
  source.regions = {{0, 0, 1, 1}, {0, 0, 0.5, 0.5}, {0, 0, 1, 1}};
  Recorder recorder;
  Pipeline pipeline(OptionsOf({source}), FakeModel(), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 10; }));
  pipeline.Stop();
  for (const FrameResult& frame : recorder.Copy().frames) {
    ASSERT_EQ(frame.detections.size(), 2U) << "4 × 4 pixels, and 2 × 2 that nothing cuts";
  }
}

/// Of the last frames' statistics; those of a stage by its name.
StageReport StageOf(const PipelineReport& report, const std::string& name) {
  const auto& stages = report.figures.stages;
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [&](const StageReport& one) { return one.name == name; });
  EXPECT_NE(found, stages.end()) << name;
  return *found;
}

TEST(Assembly, TakesTheTimeOfItsPartsAndIsCountedOnce) {
  const auto device = std::make_shared<FakeDevice>();
  device->delay = milliseconds(15);
  PipelineOptions options = OptionsOf({Quartered("door", true, milliseconds(100))});
  options.stats_interval = milliseconds(400);
  Recorder recorder;
  Pipeline pipeline(options, FakeModelOn(device), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.stats.size() >= 3; }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  std::size_t prepared = 0;
  std::size_t detected = 0;
  for (const PipelineReport& report : seen.stats) {
    const StageReport preprocess = StageOf(report, "preprocess");
    const StageReport detect = StageOf(report, "detect");
    prepared += preprocess.figures.frames;
    detected += detect.figures.frames;
    if (!detect.figures.work_ms || !preprocess.figures.work_ms || !report.latency_ms) continue;
    EXPECT_GE(detect.figures.work_ms->p50 + preprocess.figures.work_ms->p50, 60)
        << "four runs, one after the other, while all but the first part are prepared";
    EXPECT_LT(preprocess.figures.work_ms->p50, 15) << "no run is part of it";
    EXPECT_LE(detect.figures.work_ms->p50, report.latency_ms->max);
  }
  EXPECT_EQ(prepared, detected);
  EXPECT_NEAR(static_cast<double>(detected), static_cast<double>(seen.frames.size()), 2)
      << "pictures, not parts";
  EXPECT_GT(detected, 5U);
}

TEST(Assembly, OfALiveSourceIsNewUnderOverload) {
  constexpr double kWork = 80;
  for (const std::int64_t batch : {1, 4}) {
    const auto device = std::make_shared<FakeDevice>();
    device->batch = batch;
    device->delay = milliseconds(batch == 1 ? 20 : 80);
    PipelineOptions options = OptionsOf({Quartered("door", true, milliseconds(20))});
    options.stats_interval = milliseconds(100);
    Recorder recorder;
    Pipeline pipeline(options, FakeModelOn(device), &recorder);
    pipeline.Start();
    ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 15; }));
    pipeline.Stop();
    const Seen seen = recorder.Copy();
    std::vector<double> medians;
    for (const PipelineReport& report : seen.stats) {
      if (report.latency_ms) medians.push_back(report.latency_ms->p50);
    }
    ASSERT_GE(medians.size(), 5U);
    std::sort(medians.begin(), medians.end());
    const double p50 = medians[medians.size() / 2];
    RecordProperty("p50MsBatch" + std::to_string(batch), std::to_string(p50));
    EXPECT_LE(p50, 2.5 * kWork) << "batches of " << batch;
    // What is missing was dropped, and each picture is one drop.
    const std::uint64_t missing = seen.frames.back().id.index + 1 - seen.frames.size();
    EXPECT_GT(missing, 15U);
    const std::uint64_t drops = StageOf(seen.stats.back(), "preprocess").queue.drops_total;
    EXPECT_LE(drops, missing + 20);
    EXPECT_GE(drops + 20, missing);
  }
}

TEST(Assembly, IsOnePictureForTheMotionGate) {
  PipelineOptions options = OptionsOf({Quartered("door", false)});
  options.motion = MotionOptions{};
  Recorder recorder;
  Pipeline pipeline(options, FakeModel(), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 200; }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  ExpectOrder(seen, {false});
  std::size_t still = 0;
  for (const FrameResult& frame : seen.frames) {
    if (frame.skip == Skip::kStill) {
      ++still;
    } else {
      ExpectOneInEachQuarter(frame);
    }
  }
  EXPECT_GT(still, 100U) << "all pictures are the same";
}

TEST(Assembly, FailsThePipelineWhenARunOfAPartFails) {
  Recorder recorder;
  // The third part of the third picture.
  Pipeline pipeline(OptionsOf({Quartered("door", false)}), FakeModel({}, 10), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return !seen.failed.empty(); }));
  pipeline.Stop();
  EXPECT_LE(recorder.Copy().frames.size(), 2U) << "none is told by half";
}

/// For the thread sanitizer: pictures in parts on two lanes, while sources come and go, models
/// change, figures are taken, and a stop comes.
TEST(AssemblyBetweenThreads, LosesNothingOfAFileAndMixesNoModels) {
  const auto device = std::make_shared<FakeDevice>();
  device->batch = 3;
  device->tickets = 2;
  device->delays = {{"lane0", milliseconds(1)}, {"lane1", milliseconds(2)}};
  const auto model = [&](int number) {
    return FakeModelOn(device, {std::to_string(number), {"object"}}, Lanes(2));
  };
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Quartered("door", false), Quartered("yard", true)}), model(0),
                    &recorder);
  pipeline.Start();
  for (int round = 1; round <= 4; ++round) {
    const std::string guest = "guest" + std::to_string(round);
    ASSERT_TRUE(pipeline.AddSource(Quartered(guest, round % 2 == 0)).ok());
    std::optional<ModelChange> change;
    ASSERT_TRUE(pipeline.SwapModel(model(round), &change).ok());
    const std::size_t before = recorder.Copy().frames.size();
    ASSERT_TRUE(
        recorder.WaitFor([&](const Seen& seen) { return seen.frames.size() >= before + 20; }));
    ASSERT_TRUE(pipeline.RemoveSource(guest).ok());
  }
  auto stop = std::async(std::launch::async, [&] { pipeline.Stop(); });
  pipeline.Stop();
  stop.get();
  const Seen seen = recorder.Copy();
  EXPECT_TRUE(seen.failed.empty());
  std::map<std::string, std::uint64_t> next;
  std::map<std::string, int> models;
  for (const FrameResult& frame : seen.frames) {
    ExpectOneInEachQuarter(frame);
    std::uint64_t& due = next[*frame.source];
    ASSERT_GE(frame.id.index, due) << *frame.source;
    if (*frame.source == "door") {
      ASSERT_EQ(frame.id.index, due);
    }
    due = frame.id.index + 1;
    const int number = std::stoi(frame.model->id);
    EXPECT_GE(number, models[*frame.source]) << "no way back";
    models[*frame.source] = number;
  }
  EXPECT_EQ(models["door"], 4);
}

}  // namespace
}  // namespace jetfleet
