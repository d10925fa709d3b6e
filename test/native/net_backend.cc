#include "net_backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <vector>

#include "backends/sized.h"
#include "core/infer/abi.h"

namespace jetfleet {
namespace {

struct Served {
  encoded::Net net;
  /// In the outputs' own types.
  std::vector<TensorView> outputs;
};

/// By the path that they are loaded from. Used until the process ends, as a backend's library is.
std::deque<Served>& AllServed() {
  static auto& served = *new std::deque<Served>;
  return served;
}

const Served* Of(const JfProgram* program) { return reinterpret_cast<const Served*>(program); }
const Served* Of(JfContext* context) { return reinterpret_cast<const Served*>(context); }

std::int32_t Describe(const TensorInfo& tensor, JfIo* io) {
  JfIo described = Sized<JfIo>();
  described.type = JfTypeOf(*tensor.element);
  described.name = tensor.name.c_str();
  described.rank = static_cast<std::int32_t>(tensor.shape.rank());
  for (std::size_t i = 0; i < tensor.shape.rank(); ++i) {
    described.min[i] = described.opt[i] = described.max[i] = tensor.shape[i];
  }
  return WriteSized(described, io) ? JF_OK : JF_INTERNAL;
}

std::int32_t Submit(JfContext* context, const JfTensor* const*, std::uint32_t inputs,
                    const JfTensor* const* outputs, std::uint32_t output_count,
                    std::uint64_t* ticket, JfError*) {
  const Served& served = *Of(context);
  EXPECT_EQ(inputs, served.net.info.inputs.size());
  EXPECT_EQ(output_count, served.outputs.size());
  for (std::uint32_t i = 0; i < output_count; ++i) {
    const TensorView& from = served.outputs[i];
    EXPECT_EQ(outputs[i]->bytes, from.desc().bytes());
    std::memcpy(outputs[i]->data, from.buffer()->MapToHost(0), from.desc().bytes());
  }
  *ticket = 1;
  return JF_OK;
}

const JfContextFunctions kContext = {
    sizeof(JfContextFunctions),
    [](JfContext*) {},
    Submit,
    [](JfContext*, std::uint64_t, JfError*) { return std::int32_t{JF_OK}; },
    nullptr,
    nullptr,
    nullptr};

const JfProgramFunctions kProgram = {
    sizeof(JfProgramFunctions),
    [](JfProgram*) {},
    [](const JfProgram* program) {
      return static_cast<std::uint32_t>(Of(program)->net.info.inputs.size());
    },
    [](const JfProgram* program) {
      return static_cast<std::uint32_t>(Of(program)->net.info.outputs.size());
    },
    [](const JfProgram* program, std::uint32_t i, JfIo* io, JfError*) {
      return Describe(Of(program)->net.info.inputs[i], io);
    },
    [](const JfProgram* program, std::uint32_t i, JfIo* io, JfError*) {
      return Describe(Of(program)->net.info.outputs[i], io);
    },
    [](JfProgram* program, const JfContextOptions*, JfContext** context, JfError*) {
      *context = reinterpret_cast<JfContext*>(program);
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
      all.name = "net";
      all.tickets = 1;
      return WriteSized(all, capabilities) ? std::int32_t{JF_OK} : std::int32_t{JF_INTERNAL};
    },
    [](JfBackend*, const JfLoadOptions* options, JfProgram** program, JfError*) {
      *program = reinterpret_cast<JfProgram*>(&AllServed().at(std::stoul(options->path)));
      return std::int32_t{JF_OK};
    },
    nullptr,
    nullptr,
    nullptr,
    nullptr};

}  // namespace

std::shared_ptr<ModelProgram> NetModel(const encoded::Net& net, const DecoderOptions& decoder,
                                       const ModelTag& tag) {
  static auto& backend = *new std::unique_ptr<Backend>;
  if (backend == nullptr) {
    const Status opened = Backend::Open(&kBackend, "", &backend);
    EXPECT_TRUE(opened.ok()) << opened.message;
  }
  AllServed().push_back({net, net.Tensors()});
  ModelOptions options;
  options.id = tag.id;
  options.labels = tag.labels;
  options.min_score = 0.3F;
  options.detector.decoder = decoder;
  options.detector.model_path = std::to_string(AllServed().size() - 1);
  std::shared_ptr<ModelProgram> model;
  const Status status = ModelProgram::Wrap(backend.get(), options, &model);
  EXPECT_TRUE(status.ok()) << tag.id << ": " << status.message;
  return model;
}

}  // namespace jetfleet
