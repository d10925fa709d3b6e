// ONNX Runtime on the CPU: reference backend, developers' machines, simulated boards. The library
// is opened at run time by path, so one binary runs with any ONNX Runtime that offers the C API of
// kApiVersion.
#include <dlfcn.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

#include "backends/backend.h"

namespace jetfleet {
namespace {

/// ONNX Runtime 1.17: the newest with builds for glibc 2.27 (JetPack 4) that have all we call.
constexpr std::uint32_t kApiVersion = 17;

std::string TypeName(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return "float32";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
      return "float16";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
      return "uint8";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
      return "int8";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return "int32";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return "int64";
    default:
      return "onnx-type-" + std::to_string(static_cast<int>(type));
  }
}

TensorInfo DescribeTensor(std::string name, const Ort::TypeInfo& info) {
  if (info.GetONNXType() != ONNX_TYPE_TENSOR) return {std::move(name), {}, "not-a-tensor"};
  const auto tensor = info.GetTensorTypeAndShapeInfo();
  return {std::move(name), tensor.GetShape(), TypeName(tensor.GetElementType())};
}

class OrtSession final : public Session {
 public:
  explicit OrtSession(Ort::Session session) : session_(std::move(session)) {
    Ort::AllocatorWithDefaultOptions allocator;
    for (std::size_t i = 0; i < session_.GetInputCount(); ++i) {
      info_.inputs.push_back(DescribeTensor(session_.GetInputNameAllocated(i, allocator).get(),
                                            session_.GetInputTypeInfo(i)));
    }
    for (std::size_t i = 0; i < session_.GetOutputCount(); ++i) {
      info_.outputs.push_back(DescribeTensor(session_.GetOutputNameAllocated(i, allocator).get(),
                                             session_.GetOutputTypeInfo(i)));
    }
  }

  const ModelInfo& Inspect() const override { return info_; }

  Status Enqueue(const std::vector<HostTensor>& inputs,
                 const std::vector<HostTensor>& outputs) override {
    try {
      auto in = Bind(inputs);
      auto out = Bind(outputs);
      const auto input_names = Names(info_.inputs);
      const auto output_names = Names(info_.outputs);
      session_.Run(Ort::RunOptions{nullptr}, input_names.data(), in.data(), in.size(),
                   output_names.data(), out.data(), out.size());
      return Status::Ok();
    } catch (const std::exception& error) {
      return Status::Error(
          ErrorCode::kInternal,
          std::string("ONNX Runtime failed while running the model: ") + error.what());
    }
  }

 private:
  std::vector<Ort::Value> Bind(const std::vector<HostTensor>& tensors) {
    std::vector<Ort::Value> values;
    for (const HostTensor& tensor : tensors) {
      values.push_back(Ort::Value::CreateTensor<float>(memory_, tensor.data, tensor.size,
                                                       tensor.shape.data(), tensor.shape.size()));
    }
    return values;
  }

  static std::vector<const char*> Names(const std::vector<TensorInfo>& tensors) {
    std::vector<const char*> names;
    for (const TensorInfo& tensor : tensors) names.push_back(tensor.name.c_str());
    return names;
  }

  Ort::Session session_;
  Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  ModelInfo info_;
};

class OrtBackend final : public Backend {
 public:
  Status Load(const SessionOptions& options, std::unique_ptr<Session>* session) override {
    try {
      Ort::SessionOptions settings;
      settings.SetIntraOpNumThreads(options.threads);
      settings.SetInterOpNumThreads(1);
      settings.SetExecutionMode(ORT_SEQUENTIAL);
      settings.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
      // Spinning worker threads starve the decoder on small machines.
      settings.AddConfigEntry("session.intra_op.allow_spinning", "0");
      settings.AddConfigEntry("session.inter_op.allow_spinning", "0");
      *session =
          std::make_unique<OrtSession>(Ort::Session(env_, options.model_path.c_str(), settings));
      return Status::Ok();
    } catch (const std::exception& error) {
      return Status::Error(ErrorCode::kModelInvalid,
                           "ONNX Runtime cannot load " + options.model_path + ": " + error.what());
    }
  }

 private:
  Ort::Env env_{ORT_LOGGING_LEVEL_ERROR, "jetfleet"};
};

Status InitApi(const char* runtime_path) {
  // The C++ wrapper keeps one API table per process, so a second library would take over the
  // first's sessions.
  static std::string opened;
  if (!opened.empty() && opened != runtime_path) {
    return Status::Error(ErrorCode::kNativeLoad,
                         std::string("Expected the ONNX Runtime already open (") + opened +
                             ") but got " + runtime_path);
  }
  void* library = dlopen(runtime_path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Status::Error(ErrorCode::kNativeLoad,
                         std::string("Cannot open ONNX Runtime: ") + dlerror());
  }
  using GetApiBase = const OrtApiBase* (*)();
  const auto get_base = reinterpret_cast<GetApiBase>(dlsym(library, "OrtGetApiBase"));
  if (get_base == nullptr) {
    return Status::Error(ErrorCode::kNativeLoad,
                         std::string(runtime_path) + " is not an ONNX Runtime library");
  }
  const OrtApi* api = get_base()->GetApi(kApiVersion);
  if (api == nullptr) {
    return Status::Error(ErrorCode::kNativeLoad,
                         std::string("Expected ONNX Runtime 1.17 or newer but got ") +
                             get_base()->GetVersionString() + " at " + runtime_path);
  }
  Ort::InitApi(api);
  opened = runtime_path;
  return Status::Ok();
}

}  // namespace
}  // namespace jetfleet

extern "C" __attribute__((visibility("default"))) jetfleet::Backend* jetfleet_create_backend(
    int backend_version, const char* runtime_path, jetfleet::Status* error) {
  using jetfleet::ErrorCode;
  using jetfleet::Status;
  if (backend_version != jetfleet::kBackendVersion) {
    *error = Status::Error(ErrorCode::kNativeLoad,
                           "Expected a backend of version " + std::to_string(backend_version) +
                               " but got " + std::to_string(jetfleet::kBackendVersion));
    return nullptr;
  }
  try {
    *error = jetfleet::InitApi(runtime_path);
    return error->ok() ? std::make_unique<jetfleet::OrtBackend>().release() : nullptr;
  } catch (const std::exception& failure) {
    *error = Status::Error(ErrorCode::kNativeLoad, failure.what());
    return nullptr;
  }
}
