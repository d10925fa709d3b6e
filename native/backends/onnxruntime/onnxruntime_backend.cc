// ONNX Runtime on the CPU: reference backend, developers' machines, simulated boards. The library
// is opened at run time by path, so one binary runs with any ONNX Runtime from 1.17 on. This file
// holds the tables of backend_abi.h; nothing thrown gets past it.
#include <memory>

#include "backends/guard.h"
#include "backends/onnxruntime/ort_build.h"
#include "backends/onnxruntime/ort_context.h"
#include "backends/onnxruntime/ort_profile.h"
#include "backends/onnxruntime/ort_program.h"

namespace jetfleet {
namespace {

struct OrtBackend {
  Ort::Env env{ORT_LOGGING_LEVEL_ERROR, "jetfleet"};
};

OrtBackend* Of(JfBackend* backend) { return reinterpret_cast<OrtBackend*>(backend); }
OrtProgram* Of(JfProgram* program) { return reinterpret_cast<OrtProgram*>(program); }
const OrtProgram* Of(const JfProgram* program) {
  return reinterpret_cast<const OrtProgram*>(program);
}
OrtContext* Of(JfContext* context) { return reinterpret_cast<OrtContext*>(context); }

std::int32_t Misuse(JfError* error, const char* what) {
  return Fail(error, JF_INTERNAL, std::string("The ONNX Runtime backend was called with ") + what);
}

/// Copies structs that the caller may know in another size. False when one is too small.
bool ReadTensors(const JfTensor* const* from, std::uint32_t count, std::vector<JfTensor>* to) {
  to->resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    JfTensor& tensor = (*to)[i];
    if (!ReadSized(from[i], &tensor)) return false;
    if (tensor.data == nullptr || tensor.rank < 0 || tensor.rank > JF_MAX_RANK) return false;
    if ((tensor.memory & (JF_HOST | JF_PINNED)) == 0) return false;
  }
  return true;
}

std::int32_t DescribeOf(const std::vector<OrtProgram::Io>& ios, std::uint32_t index, JfIo* io,
                        JfError* error) {
  if (index >= ios.size()) return Misuse(error, "an index beyond inputs or outputs");
  JfIo described = ios[index].io;
  described.name = ios[index].name.c_str();
  described.type_name = ios[index].type_name.c_str();
  return WriteSized(described, io) ? JF_OK : Misuse(error, "a JfIo that is too small");
}

constexpr JfContextFunctions kContext = {
    sizeof(JfContextFunctions),
    [](JfContext* context) { delete Of(context); },
    [](JfContext* context, const JfTensor* const* inputs, std::uint32_t input_count,
       const JfTensor* const* outputs, std::uint32_t output_count, std::uint64_t* ticket,
       JfError* error) {
      return Guard(error, JF_INTERNAL, "ONNX Runtime does not take the tensors", [&]() {
        thread_local std::vector<JfTensor> in;
        thread_local std::vector<JfTensor> out;
        if (!ReadTensors(inputs, input_count, &in) || !ReadTensors(outputs, output_count, &out)) {
          return Misuse(error, "a tensor that is none, or that the CPU cannot reach");
        }
        *ticket = Of(context)->Submit(in, out);
        return std::int32_t{JF_OK};
      });
    },
    [](JfContext* context, std::uint64_t ticket, JfError* error) {
      return Guard(error, JF_INTERNAL, "ONNX Runtime failed while running the model", [&]() {
        return Of(context)->Wait(ticket) ? std::int32_t{JF_OK} : Misuse(error, "a foreign ticket");
      });
    },
    nullptr,  // prepare: the caller does it on the CPU
    nullptr,
    nullptr,  // transfers: there is no device
};

constexpr JfProgramFunctions kProgram = {
    sizeof(JfProgramFunctions),
    [](JfProgram* program) { delete Of(program); },
    [](const JfProgram* program) {
      return static_cast<std::uint32_t>(Of(program)->inputs().size());
    },
    [](const JfProgram* program) {
      return static_cast<std::uint32_t>(Of(program)->outputs().size());
    },
    [](const JfProgram* program, std::uint32_t index, JfIo* io, JfError* error) {
      return DescribeOf(Of(program)->inputs(), index, io, error);
    },
    [](const JfProgram* program, std::uint32_t index, JfIo* io, JfError* error) {
      return DescribeOf(Of(program)->outputs(), index, io, error);
    },
    [](JfProgram* program, const JfContextOptions* given, JfContext** context, JfError* error) {
      JfContextOptions options;
      if (!ReadSized(given, &options)) {
        return Misuse(error, "JfContextOptions that are too small");
      }
      if (options.preprocessor != nullptr) {
        return Fail(error, JF_UNSUPPORTED,
                    std::string("Expected no preprocessing but got ") + options.preprocessor +
                        ": ONNX Runtime takes tensors; ask for cpu");
      }
      if (options.accelerator != nullptr && std::string(options.accelerator) != "cpu") {
        return Fail(error, JF_UNSUPPORTED,
                    std::string("Expected accelerator cpu but got ") + options.accelerator +
                        ": ONNX Runtime runs on the processor");
      }
      return Guard(error, JF_INTERNAL, "ONNX Runtime cannot make a context", [&]() {
        *context =
            reinterpret_cast<JfContext*>(std::make_unique<OrtContext>(Of(program)).release());
        return std::int32_t{JF_OK};
      });
    },
    [](JfProgram* program, const char** json, JfError* error) {
      return Guard(error, JF_INTERNAL, "ONNX Runtime cannot profile the model", [&]() {
        *json = Of(program)->Profile().c_str();
        return std::int32_t{JF_OK};
      });
    },
};

std::int32_t Open(const JfOpenOptions* given, JfBackend** backend, JfError* error) {
  JfOpenOptions options;
  if (!ReadSized(given, &options) || options.runtime_path == nullptr) {
    return Misuse(error, "no path of a library");
  }
  return Guard(error, JF_LIBRARY, "Cannot open ONNX Runtime", [&]() {
    const std::int32_t code = OpenOrt(options.runtime_path, error);
    if (code == JF_OK) {
      *backend = reinterpret_cast<JfBackend*>(std::make_unique<OrtBackend>().release());
    }
    return code;
  });
}

std::int32_t Capabilities(JfBackend*, JfCapabilities* capabilities, JfError* error) {
  static constexpr const char* kAccelerators[] = {"cpu"};
  JfCapabilities all = Sized<JfCapabilities>();
  all.features = JF_BUILDS;
  all.name = "onnxruntime";
  all.vendor_version = OrtVersion().c_str();
  all.accelerators = kAccelerators;
  all.accelerator_count = 1;
  all.tickets = 1;
  return WriteSized(all, capabilities) ? JF_OK : Misuse(error, "JfCapabilities that are too small");
}

std::int32_t Load(JfBackend* backend, const JfLoadOptions* given, JfProgram** program,
                  JfError* error) {
  JfLoadOptions options;
  if (!ReadSized(given, &options) || options.path == nullptr) {
    return Misuse(error, "no path of a model");
  }
  return Guard(
      error, JF_MODEL_INVALID, std::string("ONNX Runtime cannot load ") + options.path, [&]() {
        Ort::Session session(Of(backend)->env, options.path, SessionSettings(options.threads));
        auto loaded = std::make_unique<OrtProgram>(std::move(session));
        loaded->set_profile([&env = Of(backend)->env, path = std::string(options.path),
                             threads = options.threads] { return ProfileOf(env, path, threads); });
        *program = reinterpret_cast<JfProgram*>(loaded.release());
        return std::int32_t{JF_OK};
      });
}

std::int32_t Build(JfBackend* backend, const JfBuildOptions* given, const JfBuildEvents* listener,
                   JfError* error) {
  JfBuildOptions options;
  JfBuildEvents events;
  if (!ReadSized(given, &options) || options.model_path == nullptr ||
      options.engine_path == nullptr) {
    return Misuse(error, "no path of a model or an engine");
  }
  if (listener == nullptr) {
    events = Sized<JfBuildEvents>();
  } else if (!ReadSized(listener, &events)) {
    return Misuse(error, "JfBuildEvents that are too small");
  }
  if (options.precision != nullptr) {
    return Fail(error, JF_UNSUPPORTED,
                std::string("Expected no precision but got ") + options.precision +
                    ": ONNX Runtime runs a model in the precision that it has");
  }
  return Guard(error, JF_MODEL_INVALID,
               std::string("ONNX Runtime cannot optimise ") + options.model_path,
               [&]() { return BuildOptimised(Of(backend)->env, options, events, error); });
}

constexpr JfBackendFunctions kBackend = {
    sizeof(JfBackendFunctions),
    JF_ABI_VERSION,
    &kProgram,
    &kContext,
    Open,
    Capabilities,
    Load,
    Build,
    nullptr,  // allocate, release: the caller's own memory is as good
    nullptr,
    nullptr,  // no kernels of its own
};

}  // namespace
}  // namespace jetfleet

extern "C" __attribute__((visibility("default"))) const JfBackendFunctions* jetfleet_backend(
    std::uint32_t abi_version, JfError* error) {
  if (abi_version == JF_ABI_VERSION) return &jetfleet::kBackend;
  jetfleet::Fail(error, JF_LIBRARY,
                 "Expected ABI version " + std::to_string(JF_ABI_VERSION) + " but got " +
                     std::to_string(abi_version) + " while opening the ONNX Runtime backend");
  return nullptr;
}
