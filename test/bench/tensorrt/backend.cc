#include "backend.h"

#include <dlfcn.h>

#include <algorithm>

namespace jetfleet::bench {

void Check(std::int32_t code, const JfError& error) {
  if (code != JF_OK) throw Refusal{code, static_cast<const char*>(error.message)};
}

Backend::Backend(const std::string& path, const std::string& library) {
  void* const opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) throw Refusal{JF_LIBRARY, dlerror()};
  const auto entry = reinterpret_cast<JfBackendEntry>(dlsym(opened, JF_BACKEND_SYMBOL));
  if (entry == nullptr) throw Refusal{JF_LIBRARY, path + " is not a backend"};
  JfError error = Sized<JfError>();
  table_ = entry(JF_ABI_VERSION, &error);
  if (table_ == nullptr) throw Refusal{error.code, static_cast<const char*>(error.message)};
  JfOpenOptions options = Sized<JfOpenOptions>();
  options.runtime_path = library.c_str();
  Check(table_->open(&options, &backend_, &error), error);
}

JfCapabilities Backend::capabilities() const {
  JfCapabilities capabilities = Sized<JfCapabilities>();
  JfError error = Sized<JfError>();
  Check(table_->capabilities(backend_, &capabilities, &error), error);
  return capabilities;
}

Engine::Engine(const Backend& backend, const std::string& path, const Seal& seal)
    : backend_(backend) {
  JfLoadOptions options = Sized<JfLoadOptions>();
  options.path = path.c_str();
  options.engine_key = seal.key.empty() ? nullptr : seal.key.c_str();
  options.mac_key = reinterpret_cast<const std::uint8_t*>(seal.mac_key.data());
  options.mac_key_bytes = static_cast<std::uint32_t>(seal.mac_key.size());
  JfError error = Sized<JfError>();
  Check(backend.table().load(backend.get(), &options, &program_, &error), error);
  const JfProgramFunctions& functions = *backend.table().program;
  input_ = Sized<JfIo>();
  Check(functions.describe_input(program_, 0, &input_, &error), error);
  for (std::uint32_t i = 0; i < functions.output_count(program_); ++i) {
    JfIo io = Sized<JfIo>();
    Check(functions.describe_output(program_, i, &io, &error), error);
    outputs_.push_back(io);
  }
}

Engine::~Engine() { backend_.table().program->destroy(program_); }

JfContext* Engine::NewContext(const std::string& preprocessor) const {
  JfContextOptions options = Sized<JfContextOptions>();
  options.preprocessor = preprocessor.empty() ? nullptr : preprocessor.c_str();
  JfContext* context = nullptr;
  JfError error = Sized<JfError>();
  Check(backend_.table().program->new_context(program_, &options, &context, &error), error);
  return context;
}

std::string Engine::Inspection() const {
  const char* json = nullptr;
  JfError error = Sized<JfError>();
  Check(backend_.table().program->inspect(program_, &json, &error), error);
  return json;
}

std::vector<Layer> Engine::Profile(const JfTensor& input, const std::vector<JfTensor>& outputs,
                                   std::uint32_t runs) const {
  const JfTensor* const inputs[] = {&input};
  std::vector<const JfTensor*> pointers;
  for (const JfTensor& output : outputs) pointers.push_back(&output);
  std::vector<Layer> layers;
  const auto add = [](void* user, const JfLayerTime* time) {
    static_cast<std::vector<Layer>*>(user)->push_back({time->name, time->ms});
  };
  JfError error = Sized<JfError>();
  Check(backend_.table().program->profile(
            program_, static_cast<const JfTensor* const*>(inputs), 1, pointers.data(),
            static_cast<std::uint32_t>(pointers.size()), runs, &layers, add, &error),
        error);
  return layers;
}

std::uint64_t BytesOf(const JfIo& io) {
  std::uint64_t bytes = io.type == JF_FLOAT16 ? 2 : 4;
  for (std::int32_t i = 0; i < io.rank; ++i) bytes *= static_cast<std::uint64_t>(io.max[i]);
  return bytes;
}

JfTensor TensorOf(const JfIo& io, int memory, void* data) {
  JfTensor tensor = Sized<JfTensor>();
  tensor.type = io.type;
  tensor.memory = memory;
  tensor.data = data;
  tensor.bytes = BytesOf(io);
  tensor.rank = io.rank;
  std::copy(io.max, io.max + io.rank, tensor.dims);
  return tensor;
}

}  // namespace jetfleet::bench
