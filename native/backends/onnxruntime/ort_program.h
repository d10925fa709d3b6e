#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backends/onnxruntime/ort_library.h"

namespace jetfleet {

/// A loaded model. A session may run on any number of threads at once, so contexts share it.
class OrtProgram {
 public:
  explicit OrtProgram(Ort::Session session);

  struct Io {
    std::string name;
    std::string type_name;
    /// `name` and `type_name` point to the two above once handed out.
    JfIo io;
  };
  const std::vector<Io>& inputs() const { return inputs_; }
  const std::vector<Io>& outputs() const { return outputs_; }
  Ort::Session& session() { return session_; }
  const std::vector<const char*>& input_names() const { return input_names_; }
  const std::vector<const char*>& output_names() const { return output_names_; }

  /// Makes the library's account of the nodes when it is first asked for.
  void set_profile(std::function<std::string()> profile) { profile_ = std::move(profile); }
  const std::string& Profile() {
    std::call_once(profiled_, [this] { trace_ = profile_(); });
    return trace_;
  }

 private:
  Ort::Session session_;
  std::vector<Io> inputs_;
  std::vector<Io> outputs_;
  std::vector<const char*> input_names_;
  std::vector<const char*> output_names_;
  std::function<std::string()> profile_;
  std::once_flag profiled_;
  std::string trace_;
};

ONNXTensorElementDataType OrtTypeOf(std::int32_t type);

}  // namespace jetfleet
