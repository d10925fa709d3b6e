#include "fake_backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
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
  std::optional<JfFilter> filter;
};

struct FakeContext {
  FakeDevice* device;
  std::string accelerator;
  std::chrono::milliseconds delay{0};
  std::optional<JfFilter> filter;
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

/// The one object.
void AnswerOne(float* cells, std::int64_t row) {
  std::fill(cells, cells + kCells * row, 0.0F);
  float* const cell = cells + 80 * row;  // the first cell at stride 32
  cell[0] = cell[1] = 0.5F;
  cell[4] = cell[row - 1] = 0.9F;
}

/// The candidates among one item's cells, as an accelerator hands them over.
void Reduce(const float* cells, std::int64_t row, const JfFilter& filter, std::uint32_t counted,
            float* to) {
  std::vector<JfCandidate> found;
  std::int32_t number = 0;
  for (const int stride : {8, 16, 32}) {
    const int side = static_cast<int>(kSide) / stride;
    for (int i = 0; i < side * side; ++i, ++number) {
      const float* const cell = cells + number * row;
      const float* const best = std::max_element(cell + 5, cell + row);
      const float score = cell[4] * *best;
      if (!(score >= filter.min_score)) continue;
      const auto pixels = static_cast<float>(stride);
      const float width = std::exp(cell[2]) * pixels;
      const float height = std::exp(cell[3]) * pixels;
      found.push_back({(cell[0] + static_cast<float>(i % side)) * pixels - width / 2,
                       (cell[1] + static_cast<float>(i / side)) * pixels - height / 2, width,
                       height, score, static_cast<std::int32_t>(best - cell - 5), number, 0});
    }
  }
  const auto count = counted == 0 ? static_cast<std::uint32_t>(found.size()) : counted;
  std::fill(to, to + std::ptrdiff_t{8} * (1 + filter.most), 0.0F);
  std::memcpy(to, &count, sizeof(count));
  std::reverse(found.begin(), found.end());
  found.resize(std::min<std::size_t>(found.size(), filter.most));
  std::memcpy(to + 8, found.data(), found.size() * sizeof(JfCandidate));
}

void Answer(const FakeDevice& device, const Run& run) {
  const std::int64_t row = 5 + device.labels;
  std::vector<float> cells(static_cast<std::size_t>(kCells * row));
  for (std::int64_t item = 0; item < run.output.dims[0]; ++item) {
    if (device.answer) {
      device.answer(cells.data());
    } else {
      AnswerOne(cells.data(), row);
    }
    const std::int64_t each = run.filter ? run.output.dims[1] * 8 : kCells * row;
    auto* const to = static_cast<float*>(run.output.data) + item * each;
    if (run.filter) {
      Reduce(cells.data(), row, *run.filter, device.counted, to);
    } else {
      std::copy(cells.begin(), cells.end(), to);
    }
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
  context.busy_until = std::max(context.busy_until, Clock::now()) + context.delay;
  *ticket = context.next++;
  context.runs[*ticket] = {*outputs[0], context.busy_until, context.filter};
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
    std::this_thread::sleep_for(context.delay);
  }
  --device.in_flight;
  if (device.runs++ == device.fail_at) return Fail(error, device.fail_as, "the device is gone");
  if (run.filter) ++device.filtered_runs;
  {
    const std::lock_guard<std::mutex> lock(device.mutex);
    ++device.runs_on[context.accelerator];
  }
  Answer(device, run);
  return JF_OK;
}

std::int32_t Filter(JfContext* handle, const JfFilter* filter, JfError* error) {
  FakeContext& context = *Of(handle);
  if (filter != nullptr && filter->head != JF_HEAD_YOLOX) {
    return Fail(error, JF_UNSUPPORTED, "not a head of this device");
  }
  context.filter = filter == nullptr ? std::nullopt : std::optional(*filter);
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
    if (device.look_at) device.look_at(*surfaces[i]);
    device.rects.push_back(*rects[i]);
  }
  return JF_OK;
}

const JfContextFunctions kContext = {sizeof(JfContextFunctions),
                                     [](JfContext* context) {
                                       --Of(context)->device->contexts;
                                       delete Of(context);
                                     },
                                     Submit,
                                     Wait,
                                     nullptr,
                                     nullptr,
                                     nullptr};

const JfProgramFunctions kProgram = {
    sizeof(JfProgramFunctions),
    [](JfProgram* program) {
      FakeDevice& device = *Of(program)->device;
      --device.programs;
      if (device.room != nullptr) ++*device.room;
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
    [](JfProgram* program, const JfContextOptions* options, JfContext** context, JfError* error) {
      if (options->preprocessor != nullptr && std::string(options->preprocessor) == "pva") {
        return Fail(error, JF_UNSUPPORTED, "Expected preprocessing by cuda or cpu but got pva");
      }
      auto made = std::make_unique<FakeContext>();
      FakeDevice* const device = Of(program)->device;
      device->preprocessor = options->preprocessor == nullptr ? "" : options->preprocessor;
      made->device = device;
      if (options->accelerator != nullptr) made->accelerator = options->accelerator;
      const auto delay = device->delays.find(made->accelerator);
      made->delay = delay == device->delays.end() ? device->delay : delay->second;
      ++made->device->contexts;
      *context = reinterpret_cast<JfContext*>(made.release());
      return std::int32_t{JF_OK};
    },
    nullptr,
    [](JfProgram*, const JfTensor* const* inputs, std::uint32_t input_count, const JfTensor* const*,
       std::uint32_t output_count, std::uint32_t runs, void* user,
       void (*layer)(void* user, const JfLayerTime* time), JfError*) {
      EXPECT_EQ(input_count, 1U);
      EXPECT_EQ(output_count, 1U);
      EXPECT_EQ(inputs[0]->rank, 4);
      JfLayerTime time = Sized<JfLayerTime>();
      time.name = "conv + relu";
      time.ms = runs;
      layer(user, &time);
      time.name = nullptr;
      layer(user, &time);
      return std::int32_t{JF_OK};
    }};

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
      if (DeviceOf(backend)->takes_nvmm) all.features |= JF_TAKES_NVMM;
      static constexpr const char* kPreprocessors[] = {"cuda", "vic"};
      all.preprocessors = kPreprocessors;
      all.preprocessor_count = DeviceOf(backend)->prepares ? 2 : 0;
      return WriteSized(all, capabilities) ? std::int32_t{JF_OK} : std::int32_t{JF_INTERNAL};
    },
    [](JfBackend* backend, const JfLoadOptions*, JfProgram** program, JfError* error) {
      FakeDevice& device = *DeviceOf(backend);
      if (device.room != nullptr && --*device.room < 0) {
        ++*device.room;
        return Fail(error, JF_OUT_OF_MEMORY, "no room for another model");
      }
      ++device.programs;
      *program = reinterpret_cast<JfProgram*>(
          std::make_unique<Program>(Program{DeviceOf(backend)}).release());
      return std::int32_t{JF_OK};
    },
    nullptr,
    nullptr,
    nullptr,
    nullptr};

/// The same with contexts that do more.
struct Able {
  Able(bool prepares, bool filters) {
    if (prepares) context.prepare = Prepare;
    if (filters) context.filter = Filter;
    backend.context = &context;
  }
  JfContextFunctions context = kContext;
  JfBackendFunctions backend = kBackend;
};

}  // namespace

const JfBackendFunctions& FakeFunctions() { return kBackend; }

std::unique_ptr<Backend> OpenFake(const std::shared_ptr<FakeDevice>& device) {
  const std::string name = std::to_string(Devices().size());
  Devices()[name] = device;
  std::unique_ptr<Backend> backend;
  // Tables are copied when they are opened.
  const Able able(device->prepares, device->filters);
  const Status status = Backend::Open(&able.backend, name, &backend);
  EXPECT_TRUE(status.ok()) << status.message;
  return backend;
}

Status LoadFakeModel(const std::shared_ptr<FakeDevice>& device, const ModelTag& tag,
                     const std::vector<LaneOptions>& lanes, std::shared_ptr<ModelProgram>* model) {
  device->labels = static_cast<std::int64_t>(tag.labels.size());
  ModelOptions options;
  options.id = tag.id;
  options.labels = tag.labels;
  options.detector.decoder.labels = tag.labels.size();
  options.detector.lanes = lanes;
  options.min_score = 0.4F;
  return ModelProgram::Wrap(OpenFake(device).get(), options, model);
}

std::shared_ptr<ModelProgram> FakeModelOn(const std::shared_ptr<FakeDevice>& device,
                                          const ModelTag& tag,
                                          const std::vector<LaneOptions>& lanes) {
  std::shared_ptr<ModelProgram> model;
  const Status status = LoadFakeModel(device, tag, lanes, &model);
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
