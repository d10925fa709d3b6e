#include "backends/onnxruntime/ort_profile.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace jetfleet {
namespace {

constexpr int kRuns = 20;

/// A folder that is gone with the object, and the one file in it.
class Folder {
 public:
  Folder() {
    const char* const root = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe)
    path_ = std::string(root == nullptr ? "/tmp" : root) + "/jetfleet-profile-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) {
      throw std::runtime_error("Cannot make a folder " + path_);
    }
  }
  ~Folder() {
    if (!file_.empty()) unlink(file_.c_str());
    rmdir(path_.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string prefix() const { return path_ + "/trace"; }
  std::string Read(const std::string& file) {
    file_ = file;
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

 private:
  std::string path_;
  std::string file_;
};

std::size_t BytesOf(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
      return 1;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
      return 2;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return 4;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return 8;
    default:
      throw std::runtime_error("an input of a type that is not profiled");
  }
}

Ort::Value Zeros(const Ort::ConstTensorTypeAndShapeInfo& info) {
  std::vector<std::int64_t> shape = info.GetShape();
  for (std::int64_t& side : shape) side = std::max<std::int64_t>(side, 1);
  Ort::AllocatorWithDefaultOptions allocator;
  Ort::Value value =
      Ort::Value::CreateTensor(allocator, shape.data(), shape.size(), info.GetElementType());
  auto* const bytes = static_cast<std::uint8_t*>(value.GetTensorMutableRawData());
  const std::size_t size = value.GetTensorTypeAndShapeInfo().GetElementCount() *
                           BytesOf(value.GetTensorTypeAndShapeInfo().GetElementType());
  std::fill(bytes, bytes + size, std::uint8_t{0});
  return value;
}

}  // namespace

std::string ProfileOf(Ort::Env& env, const std::string& model_path, std::uint32_t threads) {
  Folder folder;
  Ort::SessionOptions settings = SessionSettings(threads);
  settings.EnableProfiling(folder.prefix().c_str());
  Ort::Session session(env, model_path.c_str(), settings);
  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<Ort::AllocatedStringPtr> names;
  std::vector<const char*> input_names;
  std::vector<const char*> output_names;
  std::vector<Ort::Value> inputs;
  for (std::size_t i = 0; i < session.GetInputCount(); ++i) {
    names.push_back(session.GetInputNameAllocated(i, allocator));
    input_names.push_back(names.back().get());
    const Ort::TypeInfo type = session.GetInputTypeInfo(i);
    inputs.push_back(Zeros(type.GetTensorTypeAndShapeInfo()));
  }
  for (std::size_t i = 0; i < session.GetOutputCount(); ++i) {
    names.push_back(session.GetOutputNameAllocated(i, allocator));
    output_names.push_back(names.back().get());
  }
  for (int run = 0; run < kRuns; ++run) {
    session.Run(Ort::RunOptions(), input_names.data(), inputs.data(), inputs.size(),
                output_names.data(), output_names.size());
  }
  return folder.Read(session.EndProfilingAllocated(allocator).get());
}

}  // namespace jetfleet
