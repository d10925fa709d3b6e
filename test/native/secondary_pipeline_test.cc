#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>

#include "core/pipeline.h"
#include "crop_backend.h"
#include "made_source.h"
#include "world.h"

// Secondary models in a pipeline of sources that need no GStreamer. Each picture shows one object,
// which is dark.

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

/// Runs of a model wait in front of it.
class Gate {
 public:
  void Open() { open_.set_value(); }
  void Wait() {
    began_ = true;
    opened_.wait();
  }
  bool began() const { return began_; }

 private:
  std::promise<void> open_;
  const std::shared_future<void> opened_ = open_.get_future().share();
  std::atomic<bool> began_{false};
};

class SecondaryPipeline : public ::testing::Test {
 protected:
  void Start(std::vector<PipelineSource> sources) {
    PipelineOptions options;
    options.sources = std::move(sources);
    options.stats_interval = milliseconds(20);
    options.batch = milliseconds(5);
    SecondaryOptions shade;
    shade.name = "shade";
    shade.labels = {"object"};
    options.secondaries = {{shade, CropModel(device_)}};
    pipeline_ = std::make_unique<Pipeline>(options, FakeModel(milliseconds(1)), &recorder_);
    pipeline_->Start();
  }
  /// So many frames with tracks of that source for which `test` holds.
  bool WaitForFrames(std::size_t count, const std::string& source,
                     const std::function<bool(const FrameResult&)>& test) {
    return recorder_.WaitFor([&](const Seen& seen) {
      return std::count_if(seen.frames.begin(), seen.frames.end(), [&](const FrameResult& frame) {
               return *frame.source == source && !frame.tracks->empty() && test(frame);
             }) >= static_cast<std::ptrdiff_t>(count);
    });
  }
  static bool IsTold(const FrameResult& frame) {
    return frame.attributes.size() == 1 && frame.attributes[0].answer->label == "dark";
  }
  static bool IsNotTold(const FrameResult& frame) { return frame.attributes.empty(); }
  static bool Any(const FrameResult&) { return true; }

  const std::shared_ptr<CropDevice> device_ = DarkOrLight();
  Gate gate_;
  Recorder recorder_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(SecondaryPipeline, HasFramesOfFilesWaitForTheFirstAnswer) {
  device_->before = [] { std::this_thread::sleep_for(milliseconds(20)); };
  Start({Made("door", false), Made("yard", false)});
  ASSERT_TRUE(WaitForFrames(30, "door", Any));
  ASSERT_TRUE(WaitForFrames(30, "yard", Any));
  pipeline_->Stop();
  for (const FrameResult& frame : recorder_.Copy().frames) {
    if (frame.tracks->empty()) continue;
    ASSERT_TRUE(IsTold(frame)) << *frame.source << " " << frame.id.index;
    EXPECT_EQ(frame.attributes[0].track_id, frame.tracks->at(0).id);
  }
  EXPECT_EQ(device_->Means().size(), 2U) << "once for each track";
}

TEST_F(SecondaryPipeline, LetsLiveFramesGoOnMeanwhile) {
  device_->before = [this] { gate_.Wait(); };
  Start({Made("door", true)});
  const bool flow = WaitForFrames(30, "door", IsNotTold);
  gate_.Open();
  EXPECT_TRUE(flow);
  EXPECT_TRUE(WaitForFrames(10, "door", IsTold));
}

TEST_F(SecondaryPipeline, LetsAFileGoOnMeanwhileBesideALiveSource) {
  device_->before = [this] { gate_.Wait(); };
  Start({Made("door", true), Made("yard", false)});
  const bool flow = WaitForFrames(10, "door", IsNotTold) && WaitForFrames(10, "yard", IsNotTold);
  gate_.Open();
  EXPECT_TRUE(flow);
  EXPECT_TRUE(WaitForFrames(10, "yard", IsTold));
}

TEST_F(SecondaryPipeline, StopsWhileAFrameWaits) {
  device_->before = [this] { gate_.Wait(); };
  Start({Made("yard", false)});
  while (!gate_.began()) std::this_thread::yield();
  auto stopped = std::async(std::launch::async, [this] { pipeline_->Stop(); });
  gate_.Open();
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(SecondaryPipeline, LetsASourceGoWhileItsCropsAreUnderWay) {
  device_->before = [] { std::this_thread::sleep_for(milliseconds(5)); };
  Start({Made("door", false), Made("yard", false)});
  ASSERT_TRUE(WaitForFrames(1, "yard", Any));
  for (int i = 0; i < 5; ++i) {
    const std::string name = "gate-" + std::to_string(i);
    ASSERT_TRUE(pipeline_->AddSource(Made(name, false)).ok());
    ASSERT_TRUE(pipeline_->RemoveSource(name).ok());
  }
  const std::size_t before = recorder_.Copy().frames.size();
  ASSERT_TRUE(
      recorder_.WaitFor([before](const Seen& seen) { return seen.frames.size() > before + 20; }));
  EXPECT_TRUE(recorder_.Copy().failed.empty());
}

TEST_F(SecondaryPipeline, KeepsAnswersWhenTheMainModelIsExchanged) {
  Start({Made("yard", false)});
  ASSERT_TRUE(WaitForFrames(5, "yard", IsTold));
  std::optional<ModelChange> change;
  ASSERT_TRUE(pipeline_->SwapModel(FakeModel({}, -1, {"next", {"object"}}), &change).ok());
  ASSERT_TRUE(WaitForFrames(5, "yard", [](const FrameResult& frame) {
    return frame.model->id == "next" && IsTold(frame);
  }));
  EXPECT_EQ(device_->Means().size(), 1U);
}

TEST_F(SecondaryPipeline, RefusesAModelWithoutALabelThatIsLookedAt) {
  Start({Made("yard", false)});
  ASSERT_TRUE(WaitForFrames(1, "yard", IsTold));
  std::optional<ModelChange> change;
  const Status status = pipeline_->SwapModel(FakeModel({}, -1, {"next", {"thing"}}), &change);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("knows object, which secondary model shade looks at"),
            std::string::npos)
      << status.message;
}

TEST_F(SecondaryPipeline, FailsWithAModelThatFails) {
  device_->fail_at = 0;
  Start({Made("yard", false)});
  ASSERT_TRUE(recorder_.WaitFor([](const Seen& seen) { return !seen.failed.empty(); }));
  EXPECT_NE(recorder_.Copy().failed[0].message.find("Secondary model shade"), std::string::npos);
}

TEST_F(SecondaryPipeline, HasFiguresOfItsOwnBesideItsStage) {
  Start({Made("yard", false)});
  ASSERT_TRUE(recorder_.WaitFor([](const Seen& seen) {
    return !seen.stats.empty() && seen.stats.back().figures.secondaries.at(0).figures.looked > 0;
  }));
  const PipelineFigures figures = recorder_.Copy().stats.back().figures;
  EXPECT_EQ(figures.secondaries[0].name, "shade");
  EXPECT_EQ(figures.secondaries[0].model, "crops");
  EXPECT_EQ(figures.secondaries[0].most, 8U);
  EXPECT_EQ(figures.secondaries[0].unbatched, "");
  std::vector<std::string> stages;
  for (const StageReport& stage : figures.stages) stages.push_back(stage.name);
  EXPECT_EQ(stages, (std::vector<std::string>{"decode", "preprocess", "detect", "track",
                                              "secondary", "publish"}));
}

}  // namespace
}  // namespace jetfleet
