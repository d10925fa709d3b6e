#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backends/sized.h"

/// A backend as a program outside the runtime sees it: through its C ABI alone.
namespace jetfleet::bench {

/// What the backend answered; thrown.
struct Refusal {
  std::int32_t code = 0;
  std::string message;
};

class Backend {
 public:
  /// `path` of the shared object, `library` of the vendor's.
  Backend(const std::string& path, const std::string& library);

  const JfBackendFunctions& table() const { return *table_; }
  JfBackend* get() const { return backend_; }
  JfCapabilities capabilities() const;

 private:
  const JfBackendFunctions* table_ = nullptr;
  JfBackend* backend_ = nullptr;
};

/// Throws Refusal unless `code` is JF_OK.
void Check(std::int32_t code, const JfError& error);

/// What an engine is held to when it is loaded; empty: not compared.
struct Seal {
  std::string key;
  std::string mac_key;
};

struct Layer {
  std::string name;
  double ms = 0;
};

/// An engine at work. Non-copyable; the backend outlives it.
class Engine {
 public:
  Engine(const Backend& backend, const std::string& path, const Seal& seal = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// `preprocessor`: empty for the backend's default.
  JfContext* NewContext(const std::string& preprocessor = "") const;
  /// What each layer takes, in `runs` runs on these tensors.
  std::vector<Layer> Profile(const JfTensor& input, const std::vector<JfTensor>& outputs,
                             std::uint32_t runs) const;
  /// The library's own description, as JSON.
  std::string Inspection() const;
  JfIo input() const { return input_; }
  const std::vector<JfIo>& outputs() const { return outputs_; }
  const Backend& backend() const { return backend_; }
  int batch() const { return static_cast<int>(input_.max[0]); }
  int width() const { return static_cast<int>(input_.max[3]); }
  int height() const { return static_cast<int>(input_.max[2]); }

 private:
  const Backend& backend_;
  JfProgram* program_ = nullptr;
  JfIo input_{};
  std::vector<JfIo> outputs_;
};

/// A tensor of an input's or output's greatest shape at `data`.
JfTensor TensorOf(const JfIo& io, int memory, void* data);
std::uint64_t BytesOf(const JfIo& io);

}  // namespace jetfleet::bench
