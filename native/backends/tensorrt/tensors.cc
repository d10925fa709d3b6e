#include "backends/tensorrt/tensors.h"

#include <algorithm>

#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/log.h"

namespace jetfleet::tensorrt {

bool EngineTensor::open() const {
  return std::any_of(dims.d, dims.d + std::max(dims.nbDims, 0), [](auto dim) { return dim < 0; });
}

std::vector<EngineTensor> TensorsOf(const nvinfer1::ICudaEngine& engine) {
  std::vector<EngineTensor> tensors;
#if JF_TRT_NAMED_TENSORS
  for (std::int32_t i = 0; i < engine.getNbIOTensors(); ++i) {
    const char* const name = engine.getIOTensorName(i);
    const bool is_input = engine.getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT;
    tensors.push_back(
        {name, is_input, engine.getTensorDataType(name), engine.getTensorShape(name)});
  }
#else
  for (std::int32_t i = 0; i < engine.getNbBindings(); ++i) {
    tensors.push_back({engine.getBindingName(i), engine.bindingIsInput(i),
                       engine.getBindingDataType(i), engine.getBindingDimensions(i)});
  }
#endif
  return tensors;
}

nvinfer1::Dims ProfileDims(const nvinfer1::ICudaEngine& engine, std::size_t tensor,
                           nvinfer1::OptProfileSelector which) {
  const auto index = static_cast<std::int32_t>(tensor);
#if JF_TRT_NAMED_TENSORS
  return engine.getProfileShape(engine.getIOTensorName(index), 0, which);
#else
  return engine.getProfileDimensions(index, 0, which);
#endif
}

Invocation::Invocation(nvinfer1::ICudaEngine& engine, const std::vector<EngineTensor>& tensors) {
  TheLog().Clear();
  context_.reset(engine.createExecutionContext());
  if (context_ == nullptr) {
    throw Failure(JF_OUT_OF_MEMORY,
                  "Cannot make an execution context, most likely for want of memory on the GPU: " +
                      TheLog().Errors());
  }
  for (const EngineTensor& tensor : tensors) names_.push_back(tensor.name);
#if !JF_TRT_NAMED_TENSORS
  addresses_.resize(tensors.size());
#endif
}

bool Invocation::SetShape(std::size_t input, const nvinfer1::Dims& dims) {
#if JF_TRT_NAMED_TENSORS
  return context_->setInputShape(names_[input].c_str(), dims);
#else
  return context_->setBindingDimensions(static_cast<std::int32_t>(input), dims);
#endif
}

nvinfer1::Dims Invocation::ShapeOf(std::size_t tensor) const {
#if JF_TRT_NAMED_TENSORS
  return context_->getTensorShape(names_[tensor].c_str());
#else
  return context_->getBindingDimensions(static_cast<std::int32_t>(tensor));
#endif
}

bool Invocation::SetAddress(std::size_t tensor, void* address) {
#if JF_TRT_NAMED_TENSORS
  return context_->setTensorAddress(names_[tensor].c_str(), address);
#else
  addresses_[tensor] = address;
  return true;
#endif
}

bool Invocation::Enqueue(CUstream_st* stream) {
#if JF_TRT_NAMED_TENSORS
  return context_->enqueueV3(stream);
#else
  return context_->enqueueV2(addresses_.data(), stream, nullptr);
#endif
}

void Invocation::SetProfiler(nvinfer1::IProfiler* profiler) { context_->setProfiler(profiler); }

TypeName TypeOf(nvinfer1::DataType type) {
  using nvinfer1::DataType;
  switch (type) {
    case DataType::kFLOAT:
      return {JF_FLOAT32, "float32"};
    case DataType::kHALF:
      return {JF_FLOAT16, "float16"};
    case DataType::kINT8:
      return {JF_INT8, "int8"};
    case DataType::kINT32:
      return {JF_INT32, "int32"};
    case DataType::kBOOL:
      return {JF_BOOL, "bool"};
#if JF_TRT_NAMED_TENSORS
    case DataType::kUINT8:
      return {JF_UINT8, "uint8"};
#endif
#if JF_TRT_PROGRESS
    case DataType::kINT64:
      return {JF_INT64, "int64"};
#endif
    default:
      return {JF_UNKNOWN_TYPE, "a type of TensorRT's own"};
  }
}

}  // namespace jetfleet::tensorrt
