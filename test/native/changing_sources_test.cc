#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "core/pipeline.h"
#include "fake_backend.h"
#include "made_source.h"
#include "world.h"

// Sources that come and go while others run.

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

PipelineOptions OptionsOf(std::vector<PipelineSource> sources) {
  PipelineOptions options;
  options.sources = std::move(sources);
  options.stats_interval = milliseconds(20);
  options.batch = milliseconds(2);
  options.share_interval = milliseconds(50);
  return options;
}

/// Frames by who sent them: sources that had one name one after the other are told apart.
std::map<std::shared_ptr<const std::string>, std::vector<std::uint64_t>> BySender(
    const Seen& seen) {
  std::map<std::shared_ptr<const std::string>, std::vector<std::uint64_t>> senders;
  for (const FrameResult& frame : seen.frames) senders[frame.source].push_back(frame.id.index);
  return senders;
}

std::function<bool(const Seen&)> MoreThan(std::size_t frames) {
  return [frames](const Seen& seen) { return seen.frames.size() > frames; };
}

/// Every number once and in order, from 0; live sources may have lost some.
void ExpectOrder(const std::vector<std::uint64_t>& indices, bool live, const std::string& who) {
  std::uint64_t next = 0;
  for (const std::uint64_t index : indices) {
    if (live) {
      ASSERT_GE(index, next) << who;
    } else {
      ASSERT_EQ(index, next) << who;
    }
    next = index + 1;
  }
}

/// Sums do not shrink with a source that goes.
void ExpectGrowingSums(const Seen& seen) {
  std::uint64_t frames = 0;
  std::uint64_t dropped = 0;
  int tracks = 0;
  for (const PipelineReport& report : seen.stats) {
    EXPECT_GE(report.frames_total, frames);
    EXPECT_GE(report.dropped_total, dropped);
    EXPECT_GE(report.figures.tracks_total, tracks);
    frames = report.frames_total;
    dropped = report.dropped_total;
    tracks = report.figures.tracks_total;
    EXPECT_EQ(report.outputs.size(),
              report.figures.sources.size() > 1 ? report.figures.sources.size() : 0U);
  }
}

void ChangeAtRandom(std::vector<PipelineSource> first, std::shared_ptr<ModelProgram> model,
                    int changes, const std::function<PipelineSource(const std::string&)>& make) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf(std::move(first)), std::move(model), &recorder);
  pipeline.Start();
  std::mt19937 random(7);
  std::set<std::string> present;
  std::size_t added = 0;
  for (int change = 0; change < changes; ++change) {
    const std::string name = "source" + std::to_string(random() % 8);
    if (present.count(name) == 0) {
      ASSERT_TRUE(pipeline.AddSource(make(name)).ok());
      present.insert(name);
      ++added;
    } else {
      const Status removed = pipeline.RemoveSource(name);
      ASSERT_TRUE(removed.ok()) << removed.message;
      present.erase(name);
    }
    EXPECT_EQ(pipeline.sources(), 1 + present.size());
    // The one that stays is not held up.
    if (change % 10 == 0) {
      const std::size_t before = recorder.Copy().frames.size();
      ASSERT_TRUE(recorder.WaitFor(MoreThan(before + 5))) << "after change " << change;
    }
  }
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  EXPECT_TRUE(seen.failed.empty()) << seen.failed.front().message;
  ExpectGrowingSums(seen);
  const auto senders = BySender(seen);
  EXPECT_GT(senders.size(), added / 4) << "most have time to send something";
  for (const auto& [name, indices] : senders) ExpectOrder(indices, false, *name);
  for (std::size_t i = 0; i < seen.source.size(); ++i) {
    EXPECT_NE(seen.source[i].first, SourceState::kEnded) << "who is removed has not ended";
  }
}

TEST(ChangingSources, ComeAndGo500TimesWhileOneStays) {
  ChangeAtRandom({Made("stays", false)}, FakeModel(), 500,
                 [](const std::string& name) { return Made(name, false); });
}

TEST(ChangingSources, ComeAndGoOnLanesThatAreSharedOut) {
  const auto device = std::make_shared<FakeDevice>();
  device->delay = milliseconds(2);
  device->tickets = 2;
  ChangeAtRandom(
      {Made("stays", false)},
      FakeModelOn(device, {"0", {"object"}},
                  {{"gpu", "", "fp16", ""}, {"dla0", "", "int8", ""}, {"dla1", "", "int8", ""}}),
      200, [](const std::string& name) { return Made(name, false); });
}

TEST(ChangingSources, ComeAndGoByGStreamer) {
  const TempFile video(".mp4");
  MakeVideo(video.path(), 50, false);
  const auto file = [&](const std::string& name) {
    PipelineSource source;
    source.name = name;
    source.options.uri = "file://" + video.path();
    source.options.loop = true;
    return source;
  };
  const bool whole = std::getenv("JETFLEET_TEST_FULL") != nullptr;
  ChangeAtRandom({file("stays")}, FakeModel(milliseconds(1)), whole ? 500 : 40, file);
}

TEST(ChangingSources, LiveOnesComeToFilesAndDoNotWaitForThem) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("file", false)}), FakeModel(milliseconds(5)), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor(MoreThan(5)));
  ASSERT_TRUE(pipeline.AddSource(Made("camera", true)).ok());
  const auto both = [](const Seen& seen) {
    return !seen.stats.empty() && seen.stats.back().figures.sources.size() == 2 &&
           seen.stats.back().outputs[0].frames_total > 20 &&
           seen.stats.back().outputs[1].frames_total > 20 && seen.stats.back().dropped_total > 0;
  };
  ASSERT_TRUE(recorder.WaitFor(both));
  ASSERT_TRUE(pipeline.RemoveSource("file").ok());
  const std::size_t before = recorder.Copy().frames.size();
  ASSERT_TRUE(recorder.WaitFor(MoreThan(before + 20)));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  ExpectGrowingSums(seen);
  for (const auto& [name, indices] : BySender(seen)) ExpectOrder(indices, *name == "camera", *name);
  for (std::size_t i = before; i < seen.frames.size(); ++i) {
    EXPECT_EQ(*seen.frames[i].source, "camera") << "nothing follows a removal";
  }
}

TEST(ChangingSources, BeginAnewUnderAFormerName) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("stays", false), Made("door", false)}), FakeModel(), &recorder);
  pipeline.Start();
  const auto door_sent = [](std::size_t senders) {
    return [senders](const Seen& seen) {
      std::size_t doors = 0;
      for (const auto& [name, indices] : BySender(seen)) {
        doors += *name == "door" && indices.size() > 30 ? 1 : 0;
      }
      return doors == senders;
    };
  };
  ASSERT_TRUE(recorder.WaitFor(door_sent(1)));
  ASSERT_TRUE(pipeline.RemoveSource("door").ok());
  ASSERT_TRUE(pipeline.AddSource(Made("door", false)).ok());
  ASSERT_TRUE(recorder.WaitFor(door_sent(2)));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  for (const auto& [name, indices] : BySender(seen)) ExpectOrder(indices, false, *name);
}

TEST(ChangingSources, AreRefusedWhereTheyCannotBe) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("s0", true)}), FakeModel(), &recorder);
  pipeline.Start();
  const Status only = pipeline.RemoveSource("s0");
  EXPECT_EQ(only.code, ErrorCode::kUsage);
  EXPECT_EQ(only.message, "Expected another source beside s0, which is to go");
  const Status unknown = pipeline.RemoveSource("gate");
  EXPECT_EQ(unknown.code, ErrorCode::kUsage);
  EXPECT_EQ(unknown.message, "Expected the name of a source but got gate");
  const Status second = pipeline.AddSource(Made("s0", true));
  EXPECT_EQ(second.code, ErrorCode::kUsage);
  EXPECT_EQ(second.message, "Expected a source of another name but got a second s0");
  for (int i = 1; i < 16; ++i) {
    ASSERT_TRUE(pipeline.AddSource(Made("s" + std::to_string(i), true)).ok());
  }
  const Status much = pipeline.AddSource(Made("s16", true));
  EXPECT_EQ(much.code, ErrorCode::kUsage);
  EXPECT_EQ(much.message, "Expected at most 16 sources but got one more, s16");
  ASSERT_TRUE(pipeline.RemoveSource("s7").ok());
  EXPECT_TRUE(pipeline.AddSource(Made("s16", true)).ok()) << "there is room again";
  pipeline.Stop();
  EXPECT_EQ(pipeline.AddSource(Made("late", true)).code, ErrorCode::kCancelled);
  EXPECT_EQ(pipeline.RemoveSource("s16").code, ErrorCode::kCancelled);
}

TEST(ChangingSources, ComeAndGoWhileModelsAreExchangedAndUntilAllIsStopped) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("stays", false)}), FakeModel(), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor(MoreThan(5)));
  std::thread changes([&] {
    for (int i = 0;; ++i) {
      const std::string name = "source" + std::to_string(i % 3);
      const Status added = pipeline.AddSource(Made(name, i % 2 == 0));
      const Status removed = added.ok() ? pipeline.RemoveSource(name) : added;
      if (removed.ok()) continue;
      EXPECT_EQ(removed.code, ErrorCode::kCancelled) << removed.message;
      return;
    }
  });
  for (int swap = 0; swap < 20; ++swap) {
    std::optional<ModelChange> change;
    const ModelTag tag{"model" + std::to_string(swap), {"object"}};
    EXPECT_TRUE(pipeline.SwapModel(FakeModel({}, -1, tag), &change).ok());
    EXPECT_TRUE(change.has_value()) << "frames come";
  }
  pipeline.Stop();
  changes.join();
  EXPECT_TRUE(recorder.Copy().failed.empty());
}

TEST(ChangingSources, KeepTheirEndInAQueueThatIsFull) {
  BoundedQueue<FramePtr> queue(2, Overflow::kDropOldest);
  const auto frame = [](bool end) {
    auto made = std::make_unique<Frame>();
    made->end_of_stream = end;
    return made;
  };
  for (const bool end : {false, true, false, false, true, true}) queue.Push(frame(end));
  FramePtr out;
  std::size_t ends = 0;
  std::size_t all = 0;
  while (queue.TryPop(&out)) {
    ends += out->end_of_stream ? 1 : 0;
    ++all;
  }
  EXPECT_EQ(ends, 3U);
  EXPECT_EQ(all, 3U);
  EXPECT_EQ(queue.TakeLevels().drops_total, 3U);
}

}  // namespace
}  // namespace jetfleet
