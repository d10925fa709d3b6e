#pragma once

#include <string>
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

 private:
  Ort::Session session_;
  std::vector<Io> inputs_;
  std::vector<Io> outputs_;
  std::vector<const char*> input_names_;
  std::vector<const char*> output_names_;
};

ONNXTensorElementDataType OrtTypeOf(std::int32_t type);

}  // namespace jetfleet
