#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "core/infer/share_out.h"
#include "core/pipeline.h"
#include "made_source.h"
#include "world.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;
using Lanes = std::vector<std::size_t>;

std::vector<SourceDemand> Cameras(const std::vector<double>& rates) {
  std::vector<SourceDemand> demands;
  for (const double fps : rates) demands.push_back({fps, false});
  return demands;
}

std::vector<SourceDemand> Files(std::size_t count) {
  return std::vector<SourceDemand>(count, {1, true});
}

TEST(ShareOut, GivesWholeSourcesToLanesWhereThatBalances) {
  struct Case {
    const char* what;
    std::vector<double> speeds;
    std::vector<SourceDemand> demands;
    Lanes lanes;
  };
  const std::vector<Case> cases = {
      {"equal lanes, equal files", {50, 50, 50}, Files(3), {0, 1, 2}},
      {"two files each", {50, 50, 50}, Files(6), {0, 1, 2, 0, 1, 2}},
      {"a lane twice as fast takes two", {100, 50, 50}, Files(4), {0, 0, 1, 2}},
      {"one file cannot be cut in whole parts", {50, 50, 50}, Files(1), {}},
      {"two files on three lanes", {50, 50, 50}, Files(2), {}},
      {"unequal lanes would treat equal files unequally", {400, 100, 100}, Files(3), {}},
      {"cameras that leave all at ease", {200, 60, 60}, Cameras({25, 25, 25}), {0, 0, 0}},
      {"the largest camera to the fastest lane", {200, 60}, Cameras({20, 100}), {1, 0}},
      {"a camera that no lane takes alone", {40, 40, 40}, Cameras({60}), {}},
      {"overload that is even", {20, 20}, Cameras({60, 60}), {0, 1}},
      {"a lane that was not measured", {100, 0}, Cameras({5, 5}), {}},
      {"one lane has nothing to choose", {100}, Cameras({5, 5}), {}},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(ShareOut(one.speeds, one.demands, {}), one.lanes) << one.what;
  }
}

TEST(ShareOut, KeepsWhatWillDoAndGivesUpWhatWillNot) {
  const auto cameras = Cameras({25, 25});
  EXPECT_EQ(ShareOut({100, 100}, cameras, {1, 1}), (Lanes{1, 1})) << "sources do not wander";
  EXPECT_EQ(ShareOut({100, 30}, cameras, {1, 1}), (Lanes{0, 0})) << "lane 1 got too slow";
  EXPECT_EQ(ShareOut({15, 15}, {{25, false}, {0, false}}, {0, 1}), Lanes{}) << "divided";
}

TEST(ShareOut, NeverOverloadsALaneThatAnEvenShareWouldNot) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> speed(10, 300);
  std::uniform_real_distribution<double> fps(0, 60);
  for (int round = 0; round < 500; ++round) {
    std::vector<double> speeds(2 + random() % 3);
    for (double& one : speeds) one = speed(random);
    std::vector<SourceDemand> demands(1 + random() % 6);
    for (SourceDemand& one : demands) one = {fps(random), false};
    const Lanes lanes = ShareOut(speeds, demands, {});
    if (lanes.empty()) continue;
    double wanted = 0;
    std::vector<double> load(speeds.size());
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      wanted += demands[i].fps;
      load[lanes[i]] += demands[i].fps / speeds[lanes[i]];
    }
    const double even = wanted / std::accumulate(speeds.begin(), speeds.end(), 0.0);
    EXPECT_LE(*std::max_element(load.begin(), load.end()), std::max(0.8, even * 1.1) + 1e-9);
  }
}

/// Stands in for a Xavier's accelerators.
const std::vector<LaneOptions> kThree = {
    {"gpu", "", "fp16", ""}, {"dla0", "", "int8", ""}, {"dla1", "", "int8", ""}};

std::shared_ptr<ModelProgram> ThreeLanes(const std::shared_ptr<FakeDevice>& device,
                                         const std::string& id = "0") {
  return FakeModelOn(device, {id, {"object"}}, kThree);
}

PipelineOptions OptionsOf(std::vector<PipelineSource> sources) {
  PipelineOptions options;
  options.sources = std::move(sources);
  options.stats_interval = milliseconds(20);
  options.batch = milliseconds(2);
  options.share_interval = milliseconds(100);
  return options;
}

/// Every frame of each source once, in order; files lose none.
void ExpectEveryFrameInOrder(const Seen& seen, std::size_t sources) {
  EXPECT_TRUE(seen.failed.empty());
  std::vector<std::uint64_t> next(sources);
  for (const FrameResult& frame : seen.frames) {
    ASSERT_EQ(frame.id.index, next[frame.id.source]++) << "of source " << frame.id.source;
    EXPECT_EQ(frame.detections.size(), 1U);
  }
}

TEST(SeveralLanes, DivideTheFramesOfOneFileByTheirSpeedAndKeepItsOrder) {
  const auto device = std::make_shared<FakeDevice>();
  // Long beside what a busy machine keeps a thread waiting.
  device->delays = {
      {"gpu", milliseconds(10)}, {"dla0", milliseconds(40)}, {"dla1", milliseconds(40)}};
  device->tickets = 2;
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("door", false)}), ThreeLanes(device), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 300; }));
  pipeline.Stop();
  ExpectEveryFrameInOrder(recorder.Copy(), 1);
  const auto& runs = device->runs_on;
  // By their speeds 4 : 1 : 1.
  EXPECT_GT(runs.at("gpu"), 2 * runs.at("dla0"));
  EXPECT_GT(runs.at("dla0"), 15);
  EXPECT_NEAR(runs.at("dla0"), runs.at("dla1"), runs.at("dla0") * 0.3 + 5);
}

TEST(SeveralLanes, OfEqualSpeedEachTakeASourceWhenThereAreAsMany) {
  const auto device = std::make_shared<FakeDevice>();
  // Long beside what a busy machine keeps a thread waiting.
  device->delay = milliseconds(15);
  device->tickets = 2;
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("door", false), Made("yard", false), Made("gate", false)}),
                    ThreeLanes(device), &recorder);
  pipeline.Start();
  const auto shared_out = [](const Seen& seen) {
    if (seen.stats.empty()) return false;
    const auto& sources = seen.stats.back().figures.sources;
    return std::all_of(sources.begin(), sources.end(),
                       [](const SourceFigures& source) { return source.lane.has_value(); });
  };
  ASSERT_TRUE(recorder.WaitFor(shared_out));
  const std::size_t before = recorder.Copy().frames.size();
  ASSERT_TRUE(
      recorder.WaitFor([&](const Seen& seen) { return seen.frames.size() >= before + 150; }));
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  ExpectEveryFrameInOrder(seen, 3);
  const PipelineFigures& figures = seen.stats.back().figures;
  std::vector<std::size_t> lanes;
  for (const SourceFigures& source : figures.sources) lanes.push_back(source.lane.value_or(9));
  std::sort(lanes.begin(), lanes.end());
  EXPECT_EQ(lanes, (std::vector<std::size_t>{0, 1, 2}));
  ASSERT_EQ(figures.lanes.size(), 3U);
  EXPECT_EQ(figures.lanes[0].accelerator + " " + figures.lanes[0].precision, "gpu fp16");
  EXPECT_EQ(figures.lanes[2].accelerator + " " + figures.lanes[2].precision, "dla1 int8");
  EXPECT_GT(figures.lanes[1].figures.speed, 50);
  const auto engine_of = [&](const std::string& name) {
    const auto stage = std::find_if(figures.stages.begin(), figures.stages.end(),
                                    [&](const StageReport& one) { return one.name == name; });
    return stage->engine;
  };
  EXPECT_EQ(engine_of("detect"), "gpu+dla0+dla1");
  EXPECT_EQ(engine_of("preprocess"), "cpu");
  // Nobody was favoured.
  std::vector<std::size_t> frames(3);
  for (const FrameResult& frame : seen.frames) ++frames[frame.id.source];
  const auto [least, most] = std::minmax_element(frames.begin(), frames.end());
  EXPECT_GT(static_cast<double>(*least), 0.7 * static_cast<double>(*most));
}

TEST(SeveralLanes, ChangeModelsWhileFramesFlowAndLoseNone) {
  const auto device = std::make_shared<FakeDevice>();
  device->delays = {{"gpu", milliseconds(1)}, {"dla0", milliseconds(4)}, {"dla1", milliseconds(4)}};
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("door", false), Made("yard", false)}), ThreeLanes(device),
                    &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 20; }));
  constexpr int kSwaps = 10;
  for (int i = 1; i <= kSwaps; ++i) {
    std::optional<ModelChange> change;
    ASSERT_TRUE(pipeline.SwapModel(ThreeLanes(device, std::to_string(i)), &change).ok());
    ASSERT_TRUE(change.has_value());
    const std::size_t before = recorder.Copy().frames.size();
    ASSERT_TRUE(
        recorder.WaitFor([&](const Seen& seen) { return seen.frames.size() >= before + 20; }));
  }
  pipeline.Stop();
  const Seen seen = recorder.Copy();
  ExpectEveryFrameInOrder(seen, 2);
  std::vector<int> models(2);
  for (const FrameResult& frame : seen.frames) {
    const int model = std::stoi(frame.model->id);
    EXPECT_GE(model, models[frame.id.source]) << "no way back";
    models[frame.id.source] = model;
  }
  EXPECT_EQ(models, (std::vector<int>{kSwaps, kSwaps}));
}

TEST(SeveralLanes, RefuseAModelForAnotherNumberOfThem) {
  const auto device = std::make_shared<FakeDevice>();
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("door", false)}), ThreeLanes(device), &recorder);
  pipeline.Start();
  std::optional<ModelChange> change;
  const Status status = pipeline.SwapModel(FakeModel(), &change);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("for 3 accelerators"), std::string::npos) << status.message;
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 20; }));
}

TEST(LanesOfOnnxRuntime, SeeWhatOneSees) {
  ModelOptions options;
  options.id = "street";
  options.labels = {"person", "vehicle", "bicycle"};
  options.detector.model_path = JETFLEET_TEST_DIR "/../models/street-v2-b1.onnx";
  options.detector.backend_path = JETFLEET_BACKEND;
  options.detector.runtime_path = JETFLEET_ORT;
  options.detector.decoder.labels = options.labels.size();
  options.min_score = 1e-6F;  // the picture is empty
  std::vector<std::vector<Detection>> found;
  for (const std::size_t lanes : {1U, 3U}) {
    options.detector.lanes.assign(lanes, {"cpu", "", "", ""});
    std::shared_ptr<ModelProgram> model;
    Status status = ModelProgram::Load(options, &model);
    ASSERT_TRUE(status.ok()) << status.message;
    ASSERT_TRUE(model->Warm().ok());
    Recorder recorder;
    Pipeline pipeline(OptionsOf({Made("door", false)}), model, &recorder);
    pipeline.Start();
    ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 6; }));
    pipeline.Stop();
    const Seen seen = recorder.Copy();
    EXPECT_TRUE(seen.failed.empty());
    found.push_back(seen.frames[5].detections);
  }
  ASSERT_EQ(found[0].size(), found[1].size());
  ASSERT_FALSE(found[0].empty());
  for (std::size_t i = 0; i < found[0].size(); ++i) {
    EXPECT_EQ(found[0][i].score, found[1][i].score);
    EXPECT_EQ(found[0][i].box.left, found[1][i].box.left);
  }
}

TEST(Preprocess, IsDoneByTheEngineThatIsNamedOrRefused) {
  struct Case {
    bool prepares;
    const char* wanted;
    /// Empty: refused.
    const char* engine;
  };
  for (const Case& one : std::vector<Case>{{true, "", "cuda"},
                                           {true, "vic", "vic"},
                                           {true, "cpu", "cpu"},
                                           {true, "pva", ""},
                                           {false, "", "cpu"},
                                           {false, "cpu", "cpu"},
                                           {false, "vic", ""}}) {
    const auto device = std::make_shared<FakeDevice>();
    device->prepares = one.prepares;
    ModelOptions options;
    options.labels = {"object"};
    options.detector.decoder.labels = 1;
    options.detector.preprocess = one.wanted;
    std::shared_ptr<ModelProgram> model;
    const Status status = ModelProgram::Wrap(OpenFake(device).get(), options, &model);
    if (*one.engine == '\0') {
      EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
      EXPECT_NE(status.message.find(one.wanted), std::string::npos) << status.message;
      EXPECT_NE(status.message.find("cpu"), std::string::npos) << status.message;
      continue;
    }
    ASSERT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(model->preprocess(), one.engine);
    EXPECT_EQ(device->preprocessor, model->prepares() ? one.engine : "");
  }
}

/// Cells of two labels: many boxes, some that overlap, some of equal score, some that are none.
void RandomCells(std::uint32_t seed, float* cells) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> unit(0, 1);
  for (int cell = 0; cell < 84; ++cell) {
    float* const row = cells + static_cast<std::ptrdiff_t>(cell) * 7;
    row[0] = unit(random) * 2 - 1;
    row[1] = unit(random) * 2 - 1;
    row[2] = unit(random) * 3 - 1;
    row[3] = unit(random) * 3 - 1;
    for (int i = 4; i < 7; ++i) row[i] = std::round(unit(random) * 8) / 8;
    if (cell == 40) row[2] = 300;  // exp() of it is no number
    if (cell == 41) row[4] = std::nanf("");
  }
}

std::vector<Detection> DetectGrey(ModelProgram& model, float score) {
  RunTensors tensors;
  EXPECT_TRUE(model.Borrow(1, ModelProgram::FilledBy::kHost, score, &tensors).ok());
  EXPECT_TRUE(model.RunOnce(tensors).ok());
  const OutputDecoder& decoder = model.decoder();
  std::vector<Detection> found;
  EXPECT_TRUE(model.Read(
      tensors, 0, Placement::Of(decoder.preprocess(), {640, 480}, decoder.input()), score, &found));
  return found;
}

TEST(Candidates, OfTheAcceleratorGiveTheBoxesOfTheWholeOutput) {
  std::size_t boxes = 0;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::vector<std::vector<Detection>> found;
    for (const bool filters : {false, true}) {
      const auto device = std::make_shared<FakeDevice>();
      device->filters = filters;
      device->answer = [seed](float* cells) { RandomCells(seed, cells); };
      const auto model = FakeModelOn(device, {"two", {"person", "car"}});
      EXPECT_EQ(model->filters(), filters);
      found.push_back(DetectGrey(*model, 0.1F));
      EXPECT_EQ(device->filtered_runs, filters ? 1 : 0);
    }
    ASSERT_EQ(found[0].size(), found[1].size()) << "seed " << seed;
    for (std::size_t i = 0; i < found[0].size(); ++i) {
      EXPECT_EQ(found[0][i].label, found[1][i].label);
      EXPECT_EQ(found[0][i].score, found[1][i].score);
      EXPECT_EQ(found[0][i].box.left, found[1][i].box.left);
      EXPECT_EQ(found[0][i].box.height, found[1][i].box.height);
    }
    boxes += found[0].size();
  }
  EXPECT_GT(boxes, 1000U);
}

TEST(Candidates, AreUsedWhileFramesFlow) {
  const auto device = std::make_shared<FakeDevice>();
  device->filters = true;
  Recorder recorder;
  Pipeline pipeline(OptionsOf({Made("door", false)}), ThreeLanes(device), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([](const Seen& seen) { return seen.frames.size() >= 100; }));
  pipeline.Stop();
  ExpectEveryFrameInOrder(recorder.Copy(), 1);
  EXPECT_EQ(device->filtered_runs, device->runs);
}

/// More than an accelerator keeps: 84 cells of a device that tells of 1,025.
TEST(Candidates, ThatAreTooManyAreToldAndMakeRoomForTheWholeOutput) {
  const auto device = std::make_shared<FakeDevice>();
  device->filters = true;
  device->counted = kMostCandidates + 1;
  const auto model = FakeModelOn(device);
  RunTensors tensors;
  ASSERT_TRUE(model->Borrow(1, ModelProgram::FilledBy::kHost, 0.1F, &tensors).ok());
  ASSERT_TRUE(model->RunOnce(tensors).ok());
  const Placement placement =
      Placement::Of(model->decoder().preprocess(), {64, 64}, model->decoder().input());
  std::vector<Detection> found;
  EXPECT_FALSE(model->Read(tensors, 0, placement, 0.1F, &found));
  EXPECT_EQ(found.size(), 1U) << "what was kept is not thrown away";
  EXPECT_FALSE(model->filters());
  EXPECT_EQ(DetectGrey(*model, 0.1F).size(), 1U);
  EXPECT_EQ(device->filtered_runs, 1) << "the second run brought the whole output";
}

}  // namespace
}  // namespace jetfleet
