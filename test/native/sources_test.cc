#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "core/json/results.h"
#include "core/pipeline.h"
#include "fake_backend.h"
#include "made_source.h"
#include "world.h"

// Several sources in one pipeline: each by itself, whatever becomes of the others.

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

/// Does what a test says, on a thread of its own.
class Scripted final : public FrameSource {
 public:
  using Script = std::function<void(const Callbacks&)>;
  Scripted(Callbacks callbacks, Script script, bool live)
      : callbacks_(std::move(callbacks)), script_(std::move(script)), live_(live) {}
  ~Scripted() override { Scripted::Stop(); }

  void Start() override {
    thread_ = std::thread([this] { script_(callbacks_); });
  }
  void RequestStop() override {}
  void Stop() override {
    if (thread_.joinable()) thread_.join();
  }
  bool live() const override { return live_; }
  SourceMeter& meter() override { return meter_; }
  int reconnects() const override { return 0; }

 private:
  const Callbacks callbacks_;
  const Script script_;
  const bool live_;
  SourceMeter meter_;
  std::thread thread_;
};

PipelineSource Acting(const std::string& name, Scripted::Script script, bool live = false) {
  PipelineSource source;
  source.name = name;
  source.options.uri = live ? "rtsp://127.0.0.1/acting" : "file:///acting";
  source.make = [=](const SourceOptions&, FrameSource::Callbacks callbacks) {
    return std::make_unique<Scripted>(std::move(callbacks), script, live);
  };
  return source;
}

void Show(const FrameSource::Callbacks& to, int pictures) {
  to.on_state(SourceState::kPlaying, Status::Ok());
  for (int i = 0; i < pictures; ++i) {
    auto frame = std::make_unique<Frame>();
    frame->trace = FrameTrace(Clock::now());
    frame->result.pts_ms = 40.0 * i;
    frame->result.size = {8, 8};
    frame->surface = GrayPicture();
    to.on_picture(std::move(frame));
  }
}

/// A file of so many pictures.
PipelineSource File(const std::string& name, int pictures) {
  return Acting(name, [pictures](const FrameSource::Callbacks& to) {
    Show(to, pictures);
    to.on_state(SourceState::kEnded, Status::Ok());
  });
}

PipelineSource Broken(const std::string& name) {
  return Acting(name, [](const FrameSource::Callbacks& to) {
    to.on_failed(Status::Error(ErrorCode::kSourceFormat, "no video in it"));
  });
}

PipelineOptions OptionsOf(std::vector<PipelineSource> sources) {
  PipelineOptions options;
  options.sources = std::move(sources);
  options.stats_interval = milliseconds(20);
  options.batch = milliseconds(2);
  return options;
}

/// What was told of each source, in order.
std::map<std::string, std::vector<SourceState>> StatesOf(const Seen& seen) {
  std::map<std::string, std::vector<SourceState>> states;
  for (std::size_t i = 0; i < seen.source.size(); ++i) {
    states[seen.names[i]].push_back(seen.source[i].first);
  }
  return states;
}

TEST(Sources, GoOnWhereOneCannot) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({File("door", 300), Broken("gate"), File("yard", 20)}),
                    FakeModel(milliseconds(0)), &recorder);
  pipeline.Start();
  // No other is left then.
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return !seen.failed.empty(); }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  EXPECT_EQ(seen.failed.front().code, ErrorCode::kSourceFormat);
  EXPECT_EQ(seen.frames.size(), 320U);
  auto states = StatesOf(seen);
  EXPECT_EQ(states["gate"], (std::vector<SourceState>{SourceState::kLost}));
  const std::vector<SourceState> whole{SourceState::kPlaying, SourceState::kEnded};
  EXPECT_EQ(states["door"], whole);
  EXPECT_EQ(states["yard"], whole);
}

TEST(Sources, HaveLinesAndZonesOfTheirOwnThatAreCountedTogether) {
  Recorder recorder;
  PipelineOptions options = OptionsOf({File("door", 20), File("yard", 20)});
  options.analytics.emplace();
  const std::vector<PicturePoint> all = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
  options.analytics->zones = {{"any", "", all, 0.01, 0, {}}, {"yards", "yard", all, 0.01, 0, {}}};
  Pipeline pipeline(options, FakeModel(milliseconds(0)), &recorder);
  pipeline.Start();
  ASSERT_TRUE(
      recorder.WaitFor([](const Seen& seen) { return seen.Count(SourceState::kEnded) == 2; }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  std::map<std::string, int> entered;
  for (const AnalyticsEvent& event : seen.events) {
    if (event.kind == AnalyticsEvent::Kind::kZoneEntered) ++entered[*event.source + event.place];
  }
  const std::map<std::string, int> expected{{"doorany", 1}, {"yardany", 1}, {"yardyards", 1}};
  EXPECT_EQ(entered, expected);
  const AnalyticsFigures& figures = *seen.stats.back().figures.analytics;
  EXPECT_EQ(figures.zones.at(0).entered, 2U);
  EXPECT_EQ(figures.zones.at(1).entered, 1U);
}

TEST(Sources, FailWhenNoneCanGoOn) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Broken("door"), Broken("gate")}), FakeModel(milliseconds(0)),
                    &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return !seen.failed.empty(); }));
  pipeline.Stop();
  EXPECT_EQ(recorder.Copy().failed.size(), 1U);
}

TEST(Sources, EndEachBehindItsLastFrame) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({File("door", 200), File("yard", 3)}), FakeModel(milliseconds(1)),
                    &recorder);
  pipeline.Start();
  ASSERT_TRUE(
      recorder.WaitFor([](const Seen& seen) { return seen.Count(SourceState::kEnded) == 2; }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  EXPECT_TRUE(seen.failed.empty());
  EXPECT_EQ(seen.frames.size(), 203U);
  EXPECT_EQ(seen.names.back(), "door") << "the short one ended first";
  EXPECT_EQ(seen.stats.back().frames_total, 203U);
  ASSERT_EQ(seen.stats.back().outputs.size(), 2U);
  EXPECT_EQ(seen.stats.back().outputs[0].frames_total, 200U);
  EXPECT_EQ(seen.stats.back().outputs[1].frames_total, 3U);
}

TEST(Sources, HaveATrackerEach) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({File("door", 40), File("yard", 40)}), FakeModel(milliseconds(0)),
                    &recorder);
  pipeline.Start();
  ASSERT_TRUE(
      recorder.WaitFor([](const Seen& seen) { return seen.Count(SourceState::kEnded) == 2; }));
  pipeline.Stop();
  std::map<std::string, std::set<int>> tracks;
  for (const FrameResult& frame : recorder.Copy().frames) {
    for (const Track& track : *frame.tracks) tracks[*frame.source].insert(track.id);
  }
  // The same object in each, which one tracker for both would follow as two or none.
  EXPECT_EQ(tracks["door"], (std::set<int>{1}));
  EXPECT_EQ(tracks["yard"], (std::set<int>{1}));
}

TEST(Sources, AreNotHeldUpByOneThatSaysNothing) {
  Recorder recorder;
  std::atomic<bool> over{false};
  const auto mute = Acting(
      "mute",
      [&over](const FrameSource::Callbacks& to) {
        to.on_state(SourceState::kConnecting, Status::Ok());
        while (!over) std::this_thread::sleep_for(milliseconds(1));
      },
      true);
  Pipeline pipeline(OptionsOf({Made("door", true), mute}), FakeModel(milliseconds(0)), &recorder);
  pipeline.Start();
  EXPECT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() > 200; }));
  over = true;
  pipeline.Stop();
  const PipelineReport report = recorder.Copy().stats.back();
  EXPECT_EQ(report.figures.sources[1].state, SourceState::kConnecting);
  EXPECT_EQ(report.outputs[1].frames_total, 0U);
}

TEST(Sources, AreToldApartInStatisticsAndSummedUp) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({File("door", 50), File("yard", 30)}), FakeModel(milliseconds(1)),
                    &recorder);
  pipeline.Start();
  ASSERT_TRUE(
      recorder.WaitFor([](const Seen& seen) { return seen.Count(SourceState::kEnded) == 2; }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  std::map<std::string, std::size_t> summed;
  std::map<std::string, std::size_t> single;
  for (const PipelineReport& report : seen.stats) {
    for (const StageReport& stage : report.figures.sums) summed[stage.name] += stage.figures.frames;
    for (const StageReport& stage : report.figures.stages) {
      single[stage.name] += stage.figures.frames;
    }
    // Each stage once, in the order in which a frame passes them.
    std::vector<std::string> names;
    for (const StageReport& stage : report.figures.sums) names.push_back(stage.name);
    EXPECT_EQ(names,
              (std::vector<std::string>{"decode", "preprocess", "detect", "track", "publish"}));
  }
  EXPECT_EQ(summed, single);
  EXPECT_EQ(summed["detect"], 80U);
  JsonText json;
  WriteStats(seen.stats.back(), "p", {}, &json);
  const std::string text = json.Take();
  EXPECT_NE(text.find(R"("sources":[{"name":"door","state":"ended")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"({"name":"yard","state":"ended")"), std::string::npos) << text;
}

TEST(Sources, ThatAreAloneAreToldAsBefore) {
  Recorder recorder;
  Pipeline pipeline(OptionsOf({File("door", 5)}), FakeModel(milliseconds(0)), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.Reached(SourceState::kEnded); }));
  pipeline.Stop();
  const PipelineReport report = recorder.Copy().stats.back();
  EXPECT_TRUE(report.figures.sums.empty());
  EXPECT_TRUE(report.outputs.empty());
  JsonText json;
  WriteStats(report, "p", {}, &json);
  const std::string text = json.Take();
  EXPECT_EQ(text.find("\"sources\""), std::string::npos) << text;
  EXPECT_NE(text.find(R"("source":{"name":"door","state":"ended","reconnects":0}})"),
            std::string::npos)
      << text;
}

TEST(Sources, ThatDoNotPlayAreShownToWhoLooksAtOneOnly) {
  PipelineReport report;
  report.figures.sources.resize(2);
  report.figures.sources[0].name = "door";
  report.figures.sources[0].state = SourceState::kPlaying;
  report.figures.sources[1].name = "gate";
  report.figures.sources[1].state = SourceState::kLost;
  report.figures.sources[1].reconnects = 2;
  report.figures.stages.resize(1);
  report.outputs.resize(2);
  JsonText json;
  WriteStats(report, "p", {}, &json);
  const std::string text = json.Take();
  EXPECT_NE(text.find(R"("source":{"name":"gate","state":"lost","reconnects":2},"sources":[)"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace jetfleet
