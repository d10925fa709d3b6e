#include "fake_backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "backends/sized.h"
#include "core/trace.h"

namespace jetfleet {
namespace {

constexpr std::int64_t kSide = 64;
constexpr std::int64_t kCells = 84;  // 8² + 4² + 2²

struct Program {
  FakeDevice* device;
};

struct Run {
  JfTensor output;
  TimePoint done;
};

struct FakeContext {
  FakeDevice* device;
  std::mutex mutex;
  std::map<std::uint64_t, Run> runs;
  std::uint64_t next = 1;
  TimePoint busy_until{};
};

FakeDevice* DeviceOf(JfBackend* backend) { return reinterpret_cast<FakeDevice*>(backend); }
const Program* Of(const JfProgram* program) { return reinterpret_cast<const Program*>(program); }
FakeContext* Of(JfContext* context) { return reinterpret_cast<FakeContext*>(context); }

std::int32_t Fail(JfError* error, JfCode code, const char* message) {
  error->code = code;
  std::strncpy(error->message, message, sizeof(error->message) - 1);
  return code;
}

std::int32_t Describe(const char* name, std::initializer_list<std::int64_t> dims, JfIo* io) {
  JfIo described = Sized<JfIo>();
  described.type = JF_FLOAT32;
  described.name = name;
  described.rank = static_cast<std::int32_t>(dims.size());
  std::copy(dims.begin(), dims.end(), described.min);
  std::copy(dims.begin(), dims.end(), described.opt);
  std::copy(dims.begin(), dims.end(), described.max);
  return WriteSized(described, io) ? JF_OK : JF_INTERNAL;
}

void Answer(const JfTensor& output, std::int64_t labels) {
  auto* const values = static_cast<float*>(output.data);
  const std::int64_t row = 5 + labels;
  for (std::int64_t item = 0; item < output.dims[0]; ++item) {
    float* const first = values + item * kCells * row;
    std::fill(first, first + kCells * row, 0.0F);
    float* const cell = first + 80 * row;  // the first cell at stride 32
    cell[0] = cell[1] = 0.5F;
    cell[4] = cell[4 + labels] = 0.9F;
  }
}

std::int32_t Submit(JfContext* handle, const JfTensor* const* inputs, std::uint32_t input_count,
                    const JfTensor* const* outputs, std::uint32_t output_count,
                    std::uint64_t* ticket, JfError*) {
  EXPECT_EQ(input_count, 1U);
  EXPECT_EQ(output_count, 1U);
  EXPECT_EQ(inputs[0]->bytes,
            static_cast<std::uint64_t>(inputs[0]->dims[0] * 3 * kSide * kSide * 4));
  FakeContext& context = *Of(handle);
  FakeDevice& device = *context.device;
  if (device.look) device.look(*inputs[0]);
  device.most_in_flight = std::max<int>(device.most_in_flight, ++device.in_flight);
  const std::lock_guard<std::mutex> lock(context.mutex);
  context.busy_until = std::max(context.busy_until, Clock::now()) + device.delay;
  *ticket = context.next++;
  context.runs[*ticket] = {*outputs[0], context.busy_until};
  return JF_OK;
}

std::int32_t Wait(JfContext* handle, std::uint64_t ticket, JfError* error) {
  FakeContext& context = *Of(handle);
  FakeDevice& device = *context.device;
  Run run;
  {
    const std::lock_guard<std::mutex> lock(context.mutex);
    if (context.runs.empty() || context.runs.begin()->first != ticket) {
      return Fail(error, JF_INTERNAL, "not the next ticket");
    }
    run = context.runs.begin()->second;
    context.runs.erase(context.runs.begin());
  }
  if (device.tickets > 1) {
    std::this_thread::sleep_until(run.done);
  } else {
    std::this_thread::sleep_for(device.delay);
  }
  --device.in_flight;
  if (device.runs++ == device.fail_at) return Fail(error, JF_INTERNAL, "the device is gone");
  Answer(run.output, device.labels);
  return JF_OK;
}

std::int32_t Prepare(JfContext* handle, const JfSurface* const* surfaces,
                     const JfRect* const* rects, std::uint32_t count,
                     const JfPreprocess* preprocess, const JfTensor* input, JfError*) {
  EXPECT_EQ(preprocess->bgr, 1);
  EXPECT_EQ(preprocess->pad[2], 114);
  EXPECT_GE(input->dims[0], count);
  FakeDevice& device = *Of(handle)->device;
  for (std::uint32_t i = 0; i < count; ++i) {
    device.surfaces.push_back(*surfaces[i]);
    device.rects.push_back(*rects[i]);
  }
  return JF_OK;
}

const JfContextFunctions kContext = {sizeof(JfContextFunctions),
                                     [](JfContext* context) {
                                       --Of(context)->device->contexts;
                                       delete Of(context);
                                     },
                                     Submit, Wait, nullptr, nullptr};

const JfProgramFunctions kProgram = {
    sizeof(JfProgramFunctions),
    [](JfProgram* program) {
      --Of(program)->device->programs;
      delete Of(program);
    },
    [](const JfProgram*) { return 1U; },
    [](const JfProgram*) { return 1U; },
    [](const JfProgram* program, std::uint32_t, JfIo* io, JfError*) {
      return Describe("images", {Of(program)->device->batch, 3, kSide, kSide}, io);
    },
    [](const JfProgram* program, std::uint32_t, JfIo* io, JfError*) {
      const FakeDevice& device = *Of(program)->device;
      return Describe("output", {device.batch, kCells, 5 + device.labels}, io);
    },
    [](JfProgram* program, const JfContextOptions*, JfContext** context, JfError*) {
      auto made = std::make_unique<FakeContext>();
      made->device = Of(program)->device;
      ++made->device->contexts;
      *context = reinterpret_cast<JfContext*>(made.release());
      return std::int32_t{JF_OK};
    },
    nullptr};

/// Devices by the name that `open` is told as the library's path.
std::map<std::string, std::shared_ptr<FakeDevice>>& Devices() {
  static auto& devices = *new std::map<std::string, std::shared_ptr<FakeDevice>>;
  return devices;
}

const JfBackendFunctions kBackend = {
    sizeof(JfBackendFunctions),
    JF_ABI_VERSION,
    &kProgram,
    &kContext,
    [](const JfOpenOptions* options, JfBackend** backend, JfError*) {
      *backend = reinterpret_cast<JfBackend*>(Devices().at(options->runtime_path).get());
      return std::int32_t{JF_OK};
    },
    [](JfBackend* backend, JfCapabilities* capabilities, JfError*) {
      JfCapabilities all = Sized<JfCapabilities>();
      all.name = "fake";
      all.tickets = DeviceOf(backend)->tickets;
      return WriteSized(all, capabilities) ? std::int32_t{JF_OK} : std::int32_t{JF_INTERNAL};
    },
    [](JfBackend* backend, const JfLoadOptions*, JfProgram** program, JfError*) {
      ++DeviceOf(backend)->programs;
      *program = reinterpret_cast<JfProgram*>(
          std::make_unique<Program>(Program{DeviceOf(backend)}).release());
      return std::int32_t{JF_OK};
    },
    nullptr,
    nullptr,
    nullptr};

/// The same with a context that prepares pictures.
struct Preparing {
  JfContextFunctions context = kContext;
  JfBackendFunctions backend = kBackend;
  Preparing() {
    context.prepare = Prepare;
    backend.context = &context;
  }
};

}  // namespace

const JfBackendFunctions& FakeFunctions() { return kBackend; }

std::unique_ptr<Backend> OpenFake(const std::shared_ptr<FakeDevice>& device) {
  const std::string name = std::to_string(Devices().size());
  Devices()[name] = device;
  std::unique_ptr<Backend> backend;
  static const Preparing preparing;
  const Status status =
      Backend::Open(device->prepares ? &preparing.backend : &kBackend, name, &backend);
  EXPECT_TRUE(status.ok()) << status.message;
  return backend;
}

std::shared_ptr<ModelProgram> FakeModelOn(const std::shared_ptr<FakeDevice>& device,
                                          const ModelTag& tag) {
  device->labels = static_cast<std::int64_t>(tag.labels.size());
  ModelOptions options;
  options.id = tag.id;
  options.labels = tag.labels;
  options.detector.labels = tag.labels.size();
  options.min_score = 0.4F;
  std::shared_ptr<ModelProgram> model;
  const Status status = ModelProgram::Wrap(OpenFake(device).get(), options, &model);
  EXPECT_TRUE(status.ok()) << status.message;
  return model;
}

std::shared_ptr<ModelProgram> FakeModel(std::chrono::milliseconds delay, int fail_at,
                                        const ModelTag& tag) {
  const auto device = std::make_shared<FakeDevice>();
  device->delay = delay;
  device->fail_at = fail_at;
  return FakeModelOn(device, tag);
}

}  // namespace jetfleet
