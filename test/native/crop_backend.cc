#include "crop_backend.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <numeric>
#include <utility>

#include "backends/sized.h"

namespace jetfleet {
namespace {

constexpr std::size_t kSamples = std::size_t{3} * CropDevice::kSide * CropDevice::kSide;

/// By the path that they are loaded from.
std::deque<std::shared_ptr<CropDevice>>& Devices() {
  static auto& devices = *new std::deque<std::shared_ptr<CropDevice>>;
  return devices;
}

struct Context {
  CropDevice* device;
  JfTensor input;
  JfTensor output;
};

CropDevice* Of(const JfProgram* program) {
  return const_cast<CropDevice*>(reinterpret_cast<const CropDevice*>(program));
}
Context* Of(JfContext* context) { return reinterpret_cast<Context*>(context); }

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

std::int32_t Wait(JfContext* handle, std::uint64_t, JfError* error) {
  const Context& context = *Of(handle);
  CropDevice& device = *context.device;
  if (device.before) device.before();
  const std::int64_t count = context.input.dims[0];
  const auto* from = static_cast<const float*>(context.input.data);
  auto* to = static_cast<float*>(context.output.data);
  const std::lock_guard<std::mutex> lock(device.mutex);
  if (static_cast<int>(device.runs.size()) == device.fail_at) {
    error->code = JF_INTERNAL;
    std::strncpy(error->message, "the device is gone", sizeof(error->message) - 1);
    return JF_INTERNAL;
  }
  device.runs.push_back(count);
  for (std::int64_t i = 0; i < count; ++i, from += kSamples, to += CropDevice::kNumbers) {
    const float mean = std::accumulate(from, from + kSamples, 0.0F) / kSamples;
    device.means.push_back(mean);
    device.answer(mean, to);
  }
  return JF_OK;
}

const JfContextFunctions kContext = {
    sizeof(JfContextFunctions),
    [](JfContext* context) { delete Of(context); },
    [](JfContext* context, const JfTensor* const* inputs, std::uint32_t,
       const JfTensor* const* outputs, std::uint32_t, std::uint64_t* ticket, JfError*) {
      Of(context)->input = *inputs[0];
      Of(context)->output = *outputs[0];
      *ticket = 1;
      return std::int32_t{JF_OK};
    },
    Wait,
    nullptr,
    nullptr,
    nullptr};

const JfProgramFunctions kProgram = {
    sizeof(JfProgramFunctions),
    [](JfProgram*) {},
    [](const JfProgram*) { return 1U; },
    [](const JfProgram*) { return 1U; },
    [](const JfProgram* program, std::uint32_t, JfIo* io, JfError*) {
      return Describe("crop", {Of(program)->batch, 3, CropDevice::kSide, CropDevice::kSide}, io);
    },
    [](const JfProgram* program, std::uint32_t, JfIo* io, JfError*) {
      return Describe("numbers", {Of(program)->batch, CropDevice::kNumbers}, io);
    },
    [](JfProgram* program, const JfContextOptions*, JfContext** context, JfError*) {
      *context = reinterpret_cast<JfContext*>(new Context{Of(program), {}, {}});
      return std::int32_t{JF_OK};
    },
    nullptr,
    nullptr};

const JfBackendFunctions kBackend = {
    sizeof(JfBackendFunctions),
    JF_ABI_VERSION,
    &kProgram,
    &kContext,
    [](const JfOpenOptions*, JfBackend** backend, JfError*) {
      *backend = reinterpret_cast<JfBackend*>(1);
      return std::int32_t{JF_OK};
    },
    [](JfBackend*, JfCapabilities* capabilities, JfError*) {
      JfCapabilities all = Sized<JfCapabilities>();
      all.name = "crops";
      all.tickets = 1;
      return WriteSized(all, capabilities) ? std::int32_t{JF_OK} : std::int32_t{JF_INTERNAL};
    },
    [](JfBackend*, const JfLoadOptions* options, JfProgram** program, JfError*) {
      *program = reinterpret_cast<JfProgram*>(Devices().at(std::stoul(options->path)).get());
      return std::int32_t{JF_OK};
    },
    nullptr,
    nullptr,
    nullptr,
    nullptr};

}  // namespace

std::vector<std::int64_t> CropDevice::Runs() {
  const std::lock_guard<std::mutex> lock(mutex);
  return runs;
}

std::vector<float> CropDevice::Means() {
  const std::lock_guard<std::mutex> lock(mutex);
  return means;
}

std::shared_ptr<CropDevice> DarkOrLight() {
  auto device = std::make_shared<CropDevice>();
  device->answer = [](float mean, float* numbers) {
    numbers[1] = mean / 255;
    numbers[0] = 1 - numbers[1];
  };
  return device;
}

std::shared_ptr<ModelProgram> CropModel(const std::shared_ptr<CropDevice>& device,
                                        const std::string& decoder) {
  static auto& backend = *new std::unique_ptr<Backend>;
  if (backend == nullptr) {
    const Status opened = Backend::Open(&kBackend, "", &backend);
    EXPECT_TRUE(opened.ok()) << opened.message;
  }
  Devices().push_back(device);
  ModelOptions options;
  options.id = "crops";
  options.labels = {"dark", "light"};
  options.min_score = 0.5F;
  options.detector.decoder.name = decoder;
  options.detector.decoder.labels = options.labels.size();
  options.detector.decoder.preprocess.mean = {0, 0, 0};
  options.detector.decoder.preprocess.scale = {1, 1, 1};
  options.detector.model_path = std::to_string(Devices().size() - 1);
  std::shared_ptr<ModelProgram> model;
  const Status status = ModelProgram::Wrap(backend.get(), options, &model);
  EXPECT_TRUE(status.ok()) << status.message;
  return model;
}

}  // namespace jetfleet
