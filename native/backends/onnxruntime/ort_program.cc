#include "backends/onnxruntime/ort_program.h"

#include <algorithm>
#include <utility>

#include "backends/io_layout.h"

namespace jetfleet {
namespace {

struct TypeRow {
  ONNXTensorElementDataType ort;
  JfType type;
  const char* name;
};

constexpr TypeRow kTypes[] = {
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, JF_FLOAT32, "float32"},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, JF_FLOAT16, "float16"},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, JF_UINT8, "uint8"},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, JF_INT8, "int8"},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, JF_INT32, "int32"},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, JF_INT64, "int64"},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, JF_BOOL, "bool"},
};

OrtProgram::Io Describe(std::string name, const Ort::TypeInfo& info) {
  OrtProgram::Io described{std::move(name), "not-a-tensor", Sized<JfIo>()};
  JfIo& io = described.io;
  io.memory = JF_HOST;
  if (info.GetONNXType() != ONNX_TYPE_TENSOR) return described;
  const auto tensor = info.GetTensorTypeAndShapeInfo();
  const auto type = tensor.GetElementType();
  const auto* row =
      std::find_if(std::begin(kTypes), std::end(kTypes),
                   [type](const TypeRow& candidate) { return candidate.ort == type; });
  if (row != std::end(kTypes)) {
    io.type = row->type;
    described.type_name = row->name;
  } else {
    described.type_name = "onnx-type-" + std::to_string(static_cast<int>(type));
  }
  const std::vector<std::int64_t> shape = tensor.GetShape();
  // More dimensions than fit are told as the rank alone; nothing of ours has a use for them.
  io.rank = static_cast<std::int32_t>(shape.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(shape.size(), JF_MAX_RANK); ++i) {
    io.min[i] = io.opt[i] = io.max[i] = shape[i];
  }
  io.layout = LayoutOf(io.rank, io.max);
  return described;
}

std::vector<const char*> NamesOf(const std::vector<OrtProgram::Io>& ios) {
  std::vector<const char*> names;
  names.reserve(ios.size());
  for (const OrtProgram::Io& io : ios) names.push_back(io.name.c_str());
  return names;
}

}  // namespace

ONNXTensorElementDataType OrtTypeOf(std::int32_t type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.ort;
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

OrtProgram::OrtProgram(Ort::Session session) : session_(std::move(session)) {
  Ort::AllocatorWithDefaultOptions allocator;
  for (std::size_t i = 0; i < session_.GetInputCount(); ++i) {
    inputs_.push_back(
        Describe(session_.GetInputNameAllocated(i, allocator).get(), session_.GetInputTypeInfo(i)));
  }
  for (std::size_t i = 0; i < session_.GetOutputCount(); ++i) {
    outputs_.push_back(Describe(session_.GetOutputNameAllocated(i, allocator).get(),
                                session_.GetOutputTypeInfo(i)));
  }
  input_names_ = NamesOf(inputs_);
  output_names_ = NamesOf(outputs_);
}

}  // namespace jetfleet
