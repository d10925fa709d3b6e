#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"

/// The border between the runtime and an inference library. A backend lives in its own shared
/// object, so that the addon holds no vendor header and loads anywhere; it is compiled with the
/// same compiler and standard library as the addon, which is why C++ types may cross.
///
/// No exception crosses: a backend catches whatever its vendor throws and answers with a Status.
namespace jetfleet {

/// Raised with every change of this header; a backend of another version is refused on load.
constexpr int kBackendVersion = 1;

struct TensorInfo {
  std::string name;
  /// -1 for a dimension known only at run time.
  std::vector<std::int64_t> shape;
  /// "float32", "uint8", …
  std::string type;
};

struct ModelInfo {
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

struct SessionOptions {
  std::string model_path;
  /// Threads of one inference.
  int threads = 1;
};

/// Float tensors in host memory; the caller owns both and keeps them until `Enqueue` has returned.
struct HostTensor {
  float* data = nullptr;
  /// In elements.
  std::size_t size = 0;
  std::vector<std::int64_t> shape;
};

/// One loaded model. Not thread-safe: one caller at a time.
class Session {
 public:
  virtual ~Session() = default;

  virtual const ModelInfo& Inspect() const = 0;

  /// Runs the model once. Tensors are in the order of `Inspect`, with every dimension known. The
  /// outputs are complete on return; a backend with a device waits for it.
  virtual Status Enqueue(const std::vector<HostTensor>& inputs,
                         const std::vector<HostTensor>& outputs) = 0;
};

struct BuildOptions {
  std::string model_path;
  std::string engine_path;
};

/// One inference library, opened.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual Status Load(const SessionOptions& options, std::unique_ptr<Session>* session) = 0;

  /// Makes an engine for this machine from a portable model. Backends that run models directly do
  /// not have one.
  virtual Status Build(const BuildOptions&) {
    return Status::Error(ErrorCode::kInternal,
                         "This backend runs models without building an engine");
  }
};

/// What a backend's shared object exports under `kCreateBackendSymbol`. `runtime_path` is the
/// vendor's library. Returns null and fills `error` on failure.
using CreateBackendFn = Backend* (*)(int backend_version, const char* runtime_path, Status* error);
constexpr char kCreateBackendSymbol[] = "jetfleet_create_backend";

}  // namespace jetfleet
