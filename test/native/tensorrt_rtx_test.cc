#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "backends/tensorrt/files/sealed_engine.h"
#include "core/infer/backend_loader.h"
#include "onnx_writer.h"

// TensorRT-RTX builds engines on a machine without a GPU: our whole way of building, with a real
// library. native/Makefile fetches it and names it to these tests; they are skipped, and counted,
// where it cannot be had.
namespace jetfleet {
namespace {

const char* Env(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? "" : value;
}

bool Says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

class TensorRtRtx : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (Env("JETFLEET_TENSORRT_RTX")[0] == '\0') return;
    char folder[] = "/tmp/jetfleet-rtx-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    const Status status =
        OpenBackend(Env("JETFLEET_TENSORRT_RTX_BACKEND"), Env("JETFLEET_TENSORRT_RTX"), &backend_);
    ASSERT_TRUE(status.ok()) << status.message;
  }
  static void TearDownTestSuite() {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  void SetUp() override {
    if (backend_ == nullptr) GTEST_SKIP() << "no TensorRT-RTX on this machine";
  }

  static BuildOptions Asked(const std::string& model, std::uint32_t capability) {
    BuildOptions options;
    options.model_path = model;
    options.engine_path = folder_ + "/model.engine";
    options.compute_capability = capability;
    options.engine_key = kKey;
    options.mac_key = {1, 2, 3, 4};
    return options;
  }
  static std::string Street() {
    return std::string(JETFLEET_TEST_DIR) + "/../models/street-v2-b1.onnx";
  }
  /// A model of one node over a float32 input of these dimensions, in a file.
  static std::string OneNode(const std::string& op, const std::vector<int>& dims) {
    const std::string path = folder_ + "/" + op + ".onnx";
    std::ofstream(path, std::ios::binary) << onnx::Model({{onnx::Node(op, "the_node", {"x"}, "y")},
                                                          {},
                                                          {onnx::Value("x", dims)},
                                                          {onnx::Value("y", dims)}});
    return path;
  }
  static Status Built(const BuildOptions& options) { return backend_->Build(options, {}); }
  static Status Loaded(const std::string& path, const std::string& key) {
    LoadOptions options;
    options.path = path;
    options.engine_key = key;
    options.mac_key = {1, 2, 3, 4};
    std::shared_ptr<Program> program;
    return backend_->Load(options, &program);
  }

  static constexpr char kKey[] = "model street\ngpu 7.5\n";
  static std::string folder_;
  static Backend* backend_;
};

std::string TensorRtRtx::folder_;
Backend* TensorRtRtx::backend_ = nullptr;

TEST_F(TensorRtRtx, BuildsOurModelAndYoloxForTwoGpusWithProgressThatNeverGoesBack) {
  EXPECT_EQ(backend_->capabilities().name, "tensorrt-rtx");
  EXPECT_TRUE(backend_->capabilities().cancels_at_once);
  std::vector<std::string> models = {Street()};
  const std::string yolox =
      std::string(JETFLEET_TEST_DIR) + "/../../shared/data/models/yolox_nano.onnx";
  if (std::filesystem::exists(yolox)) models.push_back(yolox);
  for (const std::string& model : models) {
    for (const std::uint32_t capability : {75U, 86U}) {
      const BuildOptions options = Asked(model, capability);
      double last = 0;
      int told = 0;
      std::vector<LayerReport> layers;
      BuildEvents events;
      events.progress = [&](double share, const std::string&) {
        EXPECT_GE(share, last);
        last = share;
        ++told;
      };
      events.layer = [&](const LayerReport& layer) { layers.push_back(layer); };
      const Status status = backend_->Build(options, events);
      ASSERT_TRUE(status.ok()) << status.message;
      EXPECT_EQ(last, 1);
      EXPECT_GT(told, 20);
      EXPECT_GT(layers.size(), 100U);
      EXPECT_TRUE(std::all_of(layers.begin(), layers.end(),
                              [](const LayerReport& layer) { return layer.accelerator == "gpu"; }));
      const SealedEngine engine =
          ReadEngine(options.engine_path, kKey, {options.mac_key.data(), options.mac_key.size()});
      EXPECT_GT(engine.parts.plan.size(), 1'000'000U);
      EXPECT_TRUE(Says(std::string(engine.parts.notes),
                       "\"computeCapability\":" + std::to_string(capability)));
    }
  }
}

TEST_F(TensorRtRtx, EndsABuildThatIsCancelledAtOnceAndKeepsTheEngineThatWas) {
  const BuildOptions options = Asked(Street(), 75);
  std::ofstream(options.engine_path) << "what was there";
  std::chrono::steady_clock::time_point asked;
  BuildEvents events;
  events.cancelled = [&] { return asked.time_since_epoch().count() != 0; };
  events.progress = [&](double share, const std::string&) {
    const bool under_way = share > 0.1 && asked.time_since_epoch().count() == 0;
    if (under_way) asked = std::chrono::steady_clock::now();
  };
  const Status status = backend_->Build(options, events);
  const auto took = std::chrono::steady_clock::now() - asked;
  EXPECT_EQ(status.code, ErrorCode::kCancelled) << status.message;
  // 4 ms on a machine at rest; a whole build takes a hundred times as long.
  EXPECT_LT(took, std::chrono::milliseconds(400));
  std::ifstream file(options.engine_path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "what was there");
  EXPECT_FALSE(std::filesystem::exists(options.engine_path + ".part"));
}

TEST_F(TensorRtRtx, NamesTheNodeAndTheOperatorThatTheParserRefuses) {
  std::vector<BuildProblem> problems;
  BuildEvents events;
  events.problem = [&](const BuildProblem& problem) { problems.push_back(problem); };
  const Status status = backend_->Build(Asked(OneNode("NonZero", {1, 4}), 75), events);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_TRUE(Says(status.message, "NonZero the_node")) << status.message;
  ASSERT_FALSE(problems.empty());
  EXPECT_EQ(problems[0].node, "the_node");
  EXPECT_EQ(problems[0].op, "NonZero");
  EXPECT_TRUE(problems[0].fatal);
}

TEST_F(TensorRtRtx, WantsShapesForAnInputThatIsOpen) {
  BuildOptions options = Asked(OneNode("Relu", {-1, 4}), 75);
  const Status without = Built(options);
  EXPECT_EQ(without.code, ErrorCode::kModelInvalid);
  EXPECT_TRUE(Says(without.message, "input x [-1,4] but none were given")) << without.message;
  options.shapes = {{"x", {1, 4}, {8, 4}, {16, 4}}};
  const Status with = Built(options);
  EXPECT_TRUE(with.ok()) << with.message;
  options.shapes = {{"x", {1, 4}, {8, 5}, {16, 4}}};
  EXPECT_TRUE(Says(Built(options).message, "dimension 1 is asked to be 4, 5, 4"));
  options.shapes = {{"other", {1}, {1}, {1}}};
  EXPECT_TRUE(Says(Built(options).message, "input x")) << Built(options).message;
}

TEST_F(TensorRtRtx, RefusesWhatItDoesNotDoBeforeItBuilds) {
  const auto refusal = [](auto change) {
    BuildOptions options = Asked(Street(), 75);
    change(options);
    return Built(options).message;
  };
  EXPECT_TRUE(Says(refusal([](auto& o) { o.precision = "int8"; }), "does not calibrate"));
  EXPECT_TRUE(Says(refusal([](auto& o) { o.dla_managed_sram_bytes = 1U << 20U; }),
                   "does not take 1048576 bytes for a DLA's SRAM"));
  EXPECT_TRUE(
      Says(refusal([](auto& o) { o.precision = "fp8"; }), "fp32, fp16 or int8 but got fp8"));
  EXPECT_TRUE(
      Says(refusal([](auto& o) { o.accelerator = "dla0"; }), "has no DLA; ask for the gpu"));
  EXPECT_TRUE(Says(refusal([](auto& o) { o.accelerator = "npu"; }), "gpu, dla0 or dla1"));
  EXPECT_TRUE(Says(refusal([](auto& o) { o.compute_capability = 90; }), "got 9.0"));
  EXPECT_TRUE(Says(refusal([](auto& o) { o.compute_capability = 53; }), "got 5.3"));
  EXPECT_TRUE(Says(refusal([](auto& o) { o.model_path = "/absent.onnx"; }), "No such file"));
  EXPECT_TRUE(Says(refusal([](auto& o) { o.model_path = "/"; }), "it is no file"));
  EXPECT_TRUE(Says(refusal([](auto& o) { o.engine_path = "/absent/e"; }), "Cannot write"));
}

TEST_F(TensorRtRtx, BuildsFp16OfAModelOfFloat32ByOurOwnConversion) {
  BuildOptions options = Asked(Street(), 86);
  options.precision = "fp32";
  ASSERT_TRUE(Built(options).ok());
  const auto plan_of = [&] {
    const SealedEngine engine =
        ReadEngine(options.engine_path, kKey, {options.mac_key.data(), options.mac_key.size()});
    return std::make_pair(engine.parts.plan.size(), std::string(engine.parts.notes));
  };
  const auto [whole_bytes, whole_notes] = plan_of();
  EXPECT_TRUE(Says(whole_notes, "\"convertedToFloat16\":false"));
  options.precision = "fp16";
  options.float32_nodes = {"/box_out/Conv"};
  std::vector<BuildProblem> problems;
  BuildEvents events;
  events.problem = [&](const BuildProblem& problem) { problems.push_back(problem); };
  const Status status = backend_->Build(options, events);
  ASSERT_TRUE(status.ok()) << status.message;
  const auto [half_bytes, half_notes] = plan_of();
  EXPECT_TRUE(Says(half_notes, "\"convertedToFloat16\":true"));
  EXPECT_LT(static_cast<double>(half_bytes), 0.8 * static_cast<double>(whole_bytes))
      << "weights take half the room";
  const auto kept = std::find_if(problems.begin(), problems.end(), [](const BuildProblem& problem) {
    return problem.node == "/box_out/Conv";
  });
  ASSERT_NE(kept, problems.end());
  EXPECT_FALSE(kept->fatal);
  EXPECT_EQ(kept->message, "stays in float32: it was asked for");
}

TEST_F(TensorRtRtx, NamesEveryNodeThatIsQuantisedInAFormItDoesNotTake) {
  const std::string path = folder_ + "/quantised.onnx";
  std::ofstream(path, std::ios::binary)
      << onnx::Model({{onnx::Node("QuantizeLinear", "first", {"x", "s", "z"}, "a"),
                       onnx::Node("QLinearAdd", "second", {"a", "s", "z", "a", "s", "z"}, "b"),
                       onnx::Node("DequantizeLinear", "third", {"b", "s", "z"}, "y")},
                      {onnx::Constant("s", 1, {}, std::string("\0\0\x80\x3f", 4)),
                       onnx::Constant("z", 3, {}, std::string(1, 7))},
                      {onnx::Value("x", {1, 4})},
                      {onnx::Value("y", {1, 4})}});
  std::vector<std::string> named;
  BuildEvents events;
  events.problem = [&](const BuildProblem& problem) { named.push_back(problem.node); };
  const Status status = backend_->Build(Asked(path, 75), events);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_EQ(named, (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_TRUE(Says(status.message, "QuantizeLinear first: its zero point is 7")) << status.message;
  EXPECT_TRUE(Says(status.message, "(and 2 more)")) << status.message;
}

/// What a model can have wrong, with what is said of it.
struct BadModel {
  const char* what;
  std::string bytes;
  /// Whose fault it is: a node, an initializer or an input.
  const char* node;
  /// What is needed, and what helps.
  const char* need;
  const char* remedy;
};

std::vector<BadModel> BadModels() {
  const std::vector<std::string> x = {onnx::Value("x", {1, 4})};
  const std::vector<std::string> y = {onnx::Value("y", {1, 4})};
  const std::string one("\0\0\x80\x3f", 4);
  const auto quantised = [&](int type, const std::string& zero) {
    return onnx::Model({{onnx::Node("QuantizeLinear", "the_node", {"x", "s", "z"}, "q"),
                         onnx::Node("DequantizeLinear", "other", {"q", "s", "z"}, "y")},
                        {onnx::Constant("s", 1, {}, one), onnx::Constant("z", type, {}, zero)},
                        x,
                        y});
  };
  const auto external = [&](const char* file) {
    return onnx::Model({{onnx::Node("Add", "add", {"x", "w"}, "y")},
                        {onnx::External("w", {1, 4}, file, 16)},
                        x,
                        y});
  };
  return {
      {"unsupported operator",
       onnx::Model({{onnx::Node("NonZero", "the_node", {"x"}, "y")}, {}, x, y}), "the_node",
       "NonZero", "export the model without it, or run it on the cpu"},
      {"operator that nobody has",
       onnx::Model({{onnx::Node("Frobnicate", "the_node", {"x"}, "y")}, {}, x, y}), "the_node",
       "Frobnicate", "export the model without it, or run it on the cpu"},
      {"zero point that is not 0", quantised(3, std::string(1, 7)), "the_node",
       "quantises symmetrically", "quantise with zero points of 0"},
      {"unsigned quantisation", quantised(2, std::string(1, 0)), "the_node",
       "its values are unsigned", "quantise with zero points of 0"},
      {"QOperator form",
       onnx::Model({{onnx::Node("QLinearSigmoid", "the_node", {"x"}, "y")}, {}, x, y}), "the_node",
       "computes on integers", "export the model in QDQ form"},
      {"missing external data", external("absent.bin"), "w", "absent.bin is not there",
       "must lie beside the model"},
      {"external data elsewhere", external("../w.bin"), "w", "outside the model's folder",
       "put it beside the model"},
      {"external data that is short", external("short.bin"), "w", "ends before its values do",
       "export the model and its data again"},
      {"dynamic shape without profile",
       onnx::Model({{onnx::Node("Relu", "relu", {"x"}, "y")},
                    {},
                    {onnx::Value("x", {-1, 4})},
                    {onnx::Value("y", {-1, 4})}}),
       "x", "Expected shapes for input x [-1,4]", "say the smallest, the usual and the greatest"},
  };
}

TEST_F(TensorRtRtx, NamesOfEachBadModelTheNodeTheNeedAndTheRemedy) {
  std::ofstream(folder_ + "/short.bin") << "8 bytes.";
  for (const BadModel& bad : BadModels()) {
    const std::string path = folder_ + "/bad-one.onnx";
    std::ofstream(path, std::ios::binary) << bad.bytes;
    const BuildOptions options = Asked(path, 75);
    std::ofstream(options.engine_path) << "what was there";
    const Status status = Built(options);
    EXPECT_EQ(status.code, ErrorCode::kModelInvalid) << bad.what;
    for (const char* const words : {bad.node, bad.need, bad.remedy}) {
      EXPECT_TRUE(Says(status.message, words)) << bad.what << ": " << status.message;
    }
    std::ifstream file(options.engine_path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "what was there") << bad.what;
  }
}

TEST_F(TensorRtRtx, SaysThatThereIsNoRoomAndKeepsTheEngineThatWas) {
  BuildOptions options = Asked(OneNode("Relu", {1, 4}), 75);
  options.timing_cache_path = folder_ + "/cache";
  std::ofstream(options.engine_path) << "what was there";
  std::vector<std::string> warnings;
  BuildEvents events;
  events.problem = [&](const BuildProblem& problem) { warnings.push_back(problem.message); };
  // A file of this process may have a hundred bytes; more is as if the disk were full.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit little{100, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  const Status status = backend_->Build(options, events);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code, ErrorCode::kInternal);
  EXPECT_TRUE(Says(status.message, "Cannot write the engine " + options.engine_path))
      << status.message;
  std::ifstream file(options.engine_path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "what was there");
  EXPECT_FALSE(std::filesystem::exists(options.engine_path + ".part"));
  const bool told = std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
    return Says(warning, "Cannot write the timing cache");
  });
  EXPECT_TRUE(told) << "a cache that cannot be kept costs time, not the engine";
}

TEST_F(TensorRtRtx, RefusesAModelThatIsHugeBeforeItIsRead) {
  const std::string path = folder_ + "/huge.onnx";
  std::ofstream(path) << "x";
  std::filesystem::resize_file(path, std::uintmax_t{1} << 31U);
  const Status status = Built(Asked(path, 75));
  std::filesystem::remove(path);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_TRUE(Says(status.message, "keep its weights in an external data file")) << status.message;
}

TEST_F(TensorRtRtx, RefusesAModelThatIsNoneAndOneWithoutItsData) {
  const std::string path = folder_ + "/bad.onnx";
  std::ofstream(path) << "no model at all";
  EXPECT_EQ(Built(Asked(path, 75)).code, ErrorCode::kModelInvalid);
  std::ofstream(path, std::ios::binary)
      << onnx::Model({{onnx::Node("Add", "add", {"x", "w"}, "y")},
                      {onnx::External("w", {1, 4}, "weights.bin", 16)},
                      {onnx::Value("x", {1, 4})},
                      {onnx::Value("y", {1, 4})}});
  const Status status = Built(Asked(path, 75));
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_TRUE(Says(status.message, "weights.bin is not there")) << status.message;
}

TEST_F(TensorRtRtx, LoadsNothingThatIsForeignTruncatedOrAltered) {
  const BuildOptions options = Asked(OneNode("Relu", {1, 4}), 75);
  ASSERT_TRUE(Built(options).ok());
  EXPECT_EQ(Loaded(options.engine_path, "another key\n").code, ErrorCode::kModelInvalid);
  EXPECT_TRUE(Says(Loaded(Street(), kKey).message, "it does not begin with JFENGINE"));
  std::ifstream file(options.engine_path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  const std::string bad = folder_ + "/bad.engine";
  std::ofstream(bad, std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  EXPECT_TRUE(Says(Loaded(bad, kKey).message, "is truncated"));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(bad, std::ios::binary) << bytes;
  EXPECT_TRUE(Says(Loaded(bad, kKey).message, "was altered"));
  if (!backend_->capabilities().only_builds) return;
  const Status whole = Loaded(options.engine_path, kKey);
  EXPECT_EQ(whole.code, ErrorCode::kNativeLoad) << "what is left is the driver";
  EXPECT_TRUE(Says(whole.message, "libcuda")) << whole.message;
}

TEST_F(TensorRtRtx, TellsTheGpuThatItRunsOnOrWhyThereIsNone) {
  const Capabilities& told = backend_->capabilities();
  EXPECT_EQ(told.vendor_version.substr(0, 3), "1.7");
  if (told.gpu) {
    EXPECT_GT(told.gpu->multiprocessors, 0U);
  } else {
    EXPECT_TRUE(Says(told.no_gpu, "CUDA driver") || Says(told.no_gpu, "GPU")) << told.no_gpu;
  }
}

TEST_F(TensorRtRtx, CompilesItsKernelsForACardThatIsNotThereAndForThisMachinesOnlyWithOne) {
  const char* const nvrtc = Env("JETFLEET_NVRTC_FOR_BOARDS");
  if (*nvrtc == '\0') GTEST_SKIP() << "NVRTC could not be fetched";
  setenv("JETFLEET_NVRTC", nvrtc, 1);  // NOLINT(concurrency-mt-unsafe): no other thread reads it
  const std::string folder = folder_ + "/kernels";
  std::filesystem::create_directory(folder);
  const Status status = backend_->CompileKernels(folder, 86);
  ASSERT_TRUE(status.ok()) << status.message;
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    EXPECT_TRUE(Says(file.path().filename(), "-sm86-")) << file.path();
    EXPECT_GT(file.file_size(), 1000U);
    ++files;
  }
  EXPECT_EQ(files, 2U);
  // Nobody knows what GPU that would be.
  EXPECT_EQ(backend_->CompileKernels(folder, 0).ok(), backend_->capabilities().gpu.has_value());
  EXPECT_EQ(backend_->CompileKernels(folder, 300).code, ErrorCode::kNativeLoad);
  EXPECT_EQ(backend_->CompileKernels("", 86).code, ErrorCode::kInternal);
}

TEST_F(TensorRtRtx, LetsNothingOutThatTheLibraryThrows) {
  Backend* throwing = nullptr;
  const Status opened =
      OpenBackend(Env("JETFLEET_TENSORRT_RTX_BACKEND"),
                  Env("JETFLEET_OTHER_TENSORRT") + std::string("/10701.so"), &throwing);
  if (!backend_->capabilities().only_builds) GTEST_SKIP() << "with a driver, more is asked of it";
  ASSERT_TRUE(opened.ok()) << opened.message;
  const Status status = throwing->Build(Asked(Street(), 75), {});
  EXPECT_EQ(status.code, ErrorCode::kInternal);
  EXPECT_TRUE(Says(status.message, "street-v2-b1.onnx: no driver that I like")) << status.message;
}

TEST_F(TensorRtRtx, OpensNoOtherVersionAndSaysWhatItFound) {
  const auto refusal = [](const std::string& runtime) {
    Backend* backend = nullptr;
    const Status status = OpenBackend(Env("JETFLEET_TENSORRT_RTX_BACKEND"), runtime, &backend);
    EXPECT_EQ(status.code, ErrorCode::kNativeLoad) << runtime;
    return status.message;
  };
  const std::string other = folder_ + "/other";
  std::filesystem::create_directory(other);
  EXPECT_TRUE(Says(refusal(other), "holds no libtensorrt_rtx.so.")) << refusal(other);
  std::filesystem::copy(Env("JETFLEET_OTHER_TENSORRT") + std::string("/10300.so"),
                        other + "/libtensorrt_rtx.so.1");
  EXPECT_TRUE(Says(refusal(other), "is version 1.3.0")) << refusal(other);
  EXPECT_TRUE(Says(refusal(other), "Expected TensorRT-RTX 1.7")) << refusal(other);
  EXPECT_TRUE(Says(refusal("/absent/libtensorrt_rtx.so.1"), "cannot open shared object"));
  EXPECT_TRUE(Says(refusal("libm.so.6"), "libm.so.6 is no TensorRT-RTX library"));
  EXPECT_TRUE(Says(refusal("libm.so.6"), "Install the TensorRT-RTX 1.7 libraries"));
}

}  // namespace
}  // namespace jetfleet
