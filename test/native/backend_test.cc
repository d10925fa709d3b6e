#include "core/infer/backend.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "backends/sized.h"
#include "core/infer/abi.h"
#include "fake_backend.h"

namespace jetfleet {
namespace {

// The numbers of core/memory are those of the ABI.
static_assert(static_cast<int>(PixelFormat::kI420) == 0 &&
              static_cast<int>(PixelFormat::kBgra) == 7);
static_assert(static_cast<int>(ColorMatrix::kBt601) == 0 &&
              static_cast<int>(ColorMatrix::kBt2020) == 2);
static_assert(static_cast<int>(ColorRange::kLimited) == 0 &&
              static_cast<int>(ColorRange::kFull) == 1);
static_assert(static_cast<int>(Rotation::kNone) == 0 &&
              static_cast<int>(Rotation::kThreeQuarters) == 3);

/// What a later version of a struct could look like.
struct NewerIo {
  JfIo io;
  std::int64_t more[4];
};

TEST(Abi, ReadsWhatANewerSideSaysOfWhatItKnows) {
  NewerIo newer;
  std::memset(&newer, 0x55, sizeof(newer));
  newer.io = Sized<JfIo>();
  newer.io.struct_size = sizeof(NewerIo);
  newer.io.scale = 0.5F;
  JfIo io;
  ASSERT_TRUE(ReadSized(&newer.io, &io));
  EXPECT_EQ(io.struct_size, sizeof(JfIo));
  EXPECT_EQ(io.scale, 0.5F);
}

TEST(Abi, TakesWhatAnOlderSideDoesNotKnowAsNotSaid) {
  JfIo older = Sized<JfIo>();
  older.type = JF_FLOAT32;
  older.scale = 3;  // beyond what that side calls its own
  older.struct_size = offsetof(JfIo, scale);
  JfIo io;
  ASSERT_TRUE(ReadSized(&older, &io, offsetof(JfIo, scale)));
  EXPECT_EQ(io.type, JF_FLOAT32);
  EXPECT_EQ(io.scale, 0);
}

TEST(Abi, WritesNothingBeyondAnOlderCallersStruct) {
  JfIo caller;
  std::memset(&caller, 0x55, sizeof(caller));
  caller.struct_size = offsetof(JfIo, scale);
  JfIo full = Sized<JfIo>();
  full.type = JF_INT8;
  full.scale = 1;
  const JfIo before = caller;
  ASSERT_TRUE(WriteSized(full, &caller, offsetof(JfIo, scale)));
  EXPECT_EQ(caller.type, JF_INT8);
  EXPECT_EQ(caller.struct_size, offsetof(JfIo, scale)) << "the caller's size stays its own";
  EXPECT_EQ(std::memcmp(&caller.scale, &before.scale, sizeof(caller.scale)), 0);
}

TEST(Abi, RefusesStructsThatAreSmallerThanTheyEverWere) {
  JfIo tiny = Sized<JfIo>();
  tiny.struct_size = 4;
  JfIo io;
  EXPECT_FALSE(ReadSized(&tiny, &io));
  EXPECT_FALSE(ReadSized<JfIo>(nullptr, &io));
  EXPECT_FALSE(WriteSized(io, &tiny));
}

LoadOptions LoadX() {
  LoadOptions options;
  options.path = "x";
  return options;
}

BuildOptions BuildA(const std::string& precision) {
  BuildOptions options;
  options.model_path = "a.onnx";
  options.engine_path = "a.engine";
  options.precision = precision;
  return options;
}

/// The fake's tables as another side might have built them.
struct Tables {
  JfContextFunctions context = *FakeFunctions().context;
  JfProgramFunctions program = *FakeFunctions().program;
  JfBackendFunctions backend = FakeFunctions();
  Tables() {
    backend.context = &context;
    backend.program = &program;
  }
  Status Open(std::unique_ptr<Backend>* opened) {
    const auto device = std::make_shared<FakeDevice>();
    const std::unique_ptr<Backend> named = OpenFake(device);
    return Backend::Open(&backend, "0", opened);
  }
};

TEST(Backend, OfALargerTableIsUsedForWhatWeKnow) {
  Tables tables;
  struct Newer {
    JfBackendFunctions known;
    void (*unknown)();
  } newer{tables.backend, nullptr};
  newer.known.struct_size = sizeof(Newer);
  std::unique_ptr<Backend> backend;
  const auto named = OpenFake(std::make_shared<FakeDevice>());
  EXPECT_TRUE(Backend::Open(&newer.known, "0", &backend).ok());
}

TEST(Backend, WithoutWhatItMustHaveIsRefused) {
  const auto refused = [](auto change) {
    Tables tables;
    change(tables);
    std::unique_ptr<Backend> backend;
    return tables.Open(&backend).code == ErrorCode::kNativeLoad && backend == nullptr;
  };
  EXPECT_TRUE(refused([](Tables& tables) { tables.backend.load = nullptr; }));
  EXPECT_TRUE(refused([](Tables& tables) { tables.backend.program = nullptr; }));
  EXPECT_TRUE(refused([](Tables& tables) { tables.context.wait = nullptr; }));
  EXPECT_TRUE(refused([](Tables& tables) { tables.program.struct_size = 8; }));
  EXPECT_TRUE(refused([](Tables& tables) { tables.backend.struct_size = 0; }));
}

TEST(Backend, WithoutBuildSaysThatItRunsModelsAsTheyAre) {
  const auto backend = OpenFake(std::make_shared<FakeDevice>());
  EXPECT_FALSE(backend->capabilities().builds);
  const Status status = backend->Build(BuildA(""), {});
  EXPECT_EQ(status.code, ErrorCode::kInternal);
  EXPECT_NE(status.message.find("fake runs models as they are"), std::string::npos);
}

TEST(Backend, TellsTheGpuWholeOrNotAtAll) {
  static JfCapabilities told;
  const auto gpu = [](const char* name, std::uint32_t capability, std::uint32_t multiprocessors) {
    told = Sized<JfCapabilities>();
    told.device_name = name;
    told.compute_capability = capability;
    told.multiprocessors = multiprocessors;
    told.no_device = "no driver";
    Tables tables;
    tables.backend.capabilities = [](JfBackend*, JfCapabilities* capabilities, JfError*) {
      return WriteSized(told, capabilities) ? std::int32_t{JF_OK} : std::int32_t{JF_INTERNAL};
    };
    std::unique_ptr<Backend> backend;
    EXPECT_TRUE(tables.Open(&backend).ok());
    return backend->capabilities();
  };
  const Capabilities card = gpu("NVIDIA T4", 75, 40);
  ASSERT_TRUE(card.gpu);
  EXPECT_EQ(card.gpu->name, "NVIDIA T4");
  EXPECT_EQ(card.gpu->compute_capability, 75U);
  EXPECT_EQ(card.gpu->multiprocessors, 40U);
  EXPECT_FALSE(gpu(nullptr, 75, 40).gpu);
  EXPECT_FALSE(gpu("NVIDIA T4", 0, 40).gpu);
  EXPECT_FALSE(gpu("NVIDIA T4", 75, 0).gpu);
  EXPECT_EQ(gpu(nullptr, 0, 0).no_gpu, "no driver");
}

TEST(Backend, WithoutKernelsOfItsOwnCompilesNone) {
  const auto backend = OpenFake(std::make_shared<FakeDevice>());
  EXPECT_EQ(backend->CompileKernels("/tmp", 86).code, ErrorCode::kInternal);
}

TEST(Backend, HandsTheEventsOfABuildOn) {
  Tables tables;
  tables.backend.capabilities = [](JfBackend*, JfCapabilities* capabilities, JfError*) {
    JfCapabilities all = Sized<JfCapabilities>();
    all.features = JF_BUILDS | JF_REPORTS_LAYERS;
    return WriteSized(all, capabilities) ? std::int32_t{JF_OK} : std::int32_t{JF_INTERNAL};
  };
  tables.backend.build = [](JfBackend*, const JfBuildOptions* options, const JfBuildEvents* events,
                            JfError* error) {
    JfLayer layer = Sized<JfLayer>();
    layer.name = "conv1";
    layer.accelerator = "gpu";
    layer.reason = options->precision;
    events->layer(events->user, &layer);
    events->progress(events->user, 0.5, nullptr);
    JfProblem problem = Sized<JfProblem>();
    problem.severity = JF_ERROR;
    problem.node = "conv2";
    events->problem(events->user, &problem);
    if (events->cancelled(events->user) == 0) return std::int32_t{JF_OK};
    std::strcpy(error->message, "stopped");
    return std::int32_t{JF_CANCELLED};
  };
  std::unique_ptr<Backend> backend;
  ASSERT_TRUE(tables.Open(&backend).ok());
  std::vector<LayerReport> layers;
  std::vector<BuildProblem> problems;
  double share = 0;
  bool cancel = false;
  const BuildEvents events{[&](double done, const std::string&) { share = done; },
                           [&] { return cancel; },
                           [&](const LayerReport& layer) { layers.push_back(layer); },
                           [&](const BuildProblem& problem) { problems.push_back(problem); }};
  EXPECT_TRUE(backend->Build(BuildA("int8"), events).ok());
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0].name, "conv1");
  EXPECT_EQ(layers[0].type, "");
  EXPECT_EQ(layers[0].reason, "int8");
  EXPECT_EQ(share, 0.5);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems[0].fatal);
  EXPECT_EQ(problems[0].node, "conv2");
  cancel = true;
  const Status status = backend->Build(BuildA(""), events);
  EXPECT_EQ(status.code, ErrorCode::kCancelled);
  EXPECT_EQ(status.message, "stopped");
}

TEST(Backend, TellsWhatLayersTakeByTheLibrarysProfilerAndSaysWhereItHasNone) {
  const auto device = std::make_shared<FakeDevice>();
  const std::unique_ptr<Backend> backend = OpenFake(device);
  std::shared_ptr<jetfleet::Program> program;
  ASSERT_TRUE(backend->Load(LoadX(), &program).ok());
  TensorDesc desc;
  desc.shape = {1, 3, 64, 64};
  const TensorView input(desc, MakeHostBuffer(desc.bytes()));
  std::vector<LayerTime> layers = {{"of an earlier run", 1}};
  ASSERT_TRUE(program->Profile({input}, {input}, 7, &layers).ok());
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].name, "conv + relu");
  EXPECT_EQ(layers[0].ms, 7);
  EXPECT_EQ(layers[1].name, "");

  Tables tables;
  tables.program.struct_size = offsetof(JfProgramFunctions, profile);
  std::unique_ptr<Backend> older;
  ASSERT_TRUE(tables.Open(&older).ok());
  ASSERT_TRUE(older->Load(LoadX(), &program).ok());
  const Status status = program->Profile({input}, {input}, 7, &layers);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_TRUE(layers.empty());
}

TEST(Backend, ErrorsThatSayNothingAreStillErrors) {
  Tables tables;
  tables.backend.load = [](JfBackend*, const JfLoadOptions*, JfProgram**, JfError*) {
    return std::int32_t{JF_MODEL_INVALID};
  };
  std::unique_ptr<Backend> backend;
  ASSERT_TRUE(tables.Open(&backend).ok());
  std::shared_ptr<jetfleet::Program> program;
  const Status status = backend->Load(LoadX(), &program);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_FALSE(status.message.empty());
}

TEST(Backend, KeepsAProgramAsLongAsItsContexts) {
  const auto device = std::make_shared<FakeDevice>();
  const auto backend = OpenFake(device);
  std::shared_ptr<Program> program;
  ASSERT_TRUE(backend->Load(LoadX(), &program).ok());
  std::unique_ptr<Context> context;
  ASSERT_TRUE(program->NewContext("", "", &context).ok());
  program.reset();
  EXPECT_EQ(device->programs, 1);
  context.reset();
  EXPECT_EQ(device->programs, 0);
  EXPECT_EQ(device->contexts, 0);
}

std::atomic<int> lent{0};

/// Lends pinned and CUDA memory, as far as a test without a GPU can tell.
struct LendingTables : Tables {
  LendingTables() {
    backend.allocate = [](JfBackend*, std::int32_t, std::uint64_t bytes, void** data, JfError*) {
      ++lent;
      *data = std::malloc(bytes);
      return std::int32_t{JF_OK};
    };
    backend.release = [](JfBackend*, std::int32_t, void* data) {
      --lent;
      std::free(data);
    };
  }
};

TEST(Backend, LendsMemoryUntilItsLastOwnerLetsGo) {
  LendingTables tables;
  std::unique_ptr<Backend> backend;
  ASSERT_TRUE(tables.Open(&backend).ok());
  BufferRef pinned = backend->Allocate(MemoryKind::kPinned, 64);
  BufferRef cuda = backend->Allocate(MemoryKind::kCuda, 64);
  ASSERT_NE(pinned, nullptr);
  EXPECT_EQ(pinned->kind(), MemoryKind::kPinned);
  EXPECT_EQ(pinned->MapToHost(0), pinned->Address(0));
  EXPECT_EQ(cuda->MapToHost(0), nullptr) << "the processor does not reach it";
  EXPECT_NE(cuda->Address(0), nullptr);
  EXPECT_EQ(lent, 2);
  pinned.reset();
  cuda.reset();
  EXPECT_EQ(lent, 0);
}

TEST(Backend, ThatLendsNoneLeavesTensorsOnTheHost) {
  Tables tables;
  std::unique_ptr<Backend> backend;
  ASSERT_TRUE(tables.Open(&backend).ok());
  EXPECT_EQ(backend->Allocate(MemoryKind::kPinned, 64), nullptr);
}

TEST(Backend, LendsAModelTheMemoryThatItsTensorsMayLieIn) {
  LendingTables tables;
  tables.program.describe_input = [](const JfProgram* program, std::uint32_t index, JfIo* io,
                                     JfError* error) {
    const std::int32_t code = FakeFunctions().program->describe_input(program, index, io, error);
    io->memory = JF_HOST | JF_CUDA;
    return code;
  };
  std::unique_ptr<Backend> backend;
  ASSERT_TRUE(tables.Open(&backend).ok());
  std::shared_ptr<ModelProgram> model;
  ModelOptions options;
  options.labels = {"object"};
  options.detector.decoder.labels = 1;
  ASSERT_TRUE(ModelProgram::Wrap(backend.get(), options, &model).ok());
  RunTensors tensors;
  ASSERT_TRUE(model->Borrow(1, ModelProgram::FilledBy::kAccelerator, std::nullopt, &tensors).ok());
  EXPECT_EQ(tensors.input.buffer()->kind(), MemoryKind::kCuda);
  EXPECT_EQ(tensors.outputs[0].buffer()->kind(), MemoryKind::kHost);
  ASSERT_TRUE(model->Borrow(1, ModelProgram::FilledBy::kHost, std::nullopt, &tensors).ok());
  EXPECT_EQ(tensors.input.buffer()->kind(), MemoryKind::kHost);
}

TEST(Backend, RefusesAModelWithMoreDimensionsThanThereAre) {
  Tables tables;
  tables.program.describe_input = [](const JfProgram*, std::uint32_t, JfIo* io, JfError*) {
    io->rank = 9;
    return std::int32_t{JF_OK};
  };
  std::unique_ptr<Backend> backend;
  ASSERT_TRUE(tables.Open(&backend).ok());
  std::shared_ptr<Program> program;
  ASSERT_TRUE(backend->Load(LoadX(), &program).ok());
  ModelInfo info;
  EXPECT_EQ(program->Describe(&info).code, ErrorCode::kModelInvalid);
}

}  // namespace
}  // namespace jetfleet
