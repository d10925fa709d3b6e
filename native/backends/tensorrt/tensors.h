#pragma once

#include <string>
#include <vector>

#include "backends/sized.h"
#include "backends/tensorrt/generation.h"

/// Inputs and outputs of engines and their runs, however a generation numbers or names them.
namespace jetfleet::tensorrt {

struct EngineTensor {
  std::string name;
  bool is_input = false;
  nvinfer1::DataType type = nvinfer1::DataType::kFLOAT;
  /// With -1 for a dimension that is open.
  nvinfer1::Dims dims{};

  bool open() const;
};

/// In the engine's order.
std::vector<EngineTensor> TensorsOf(const nvinfer1::ICudaEngine& engine);

/// Of an input, in the one profile that our engines have.
nvinfer1::Dims ProfileDims(const nvinfer1::ICudaEngine& engine, std::size_t tensor,
                           nvinfer1::OptProfileSelector which);

/// One execution context, whose tensors are told by their place in `TensorsOf`.
class Invocation {
 public:
  /// Throws Failure when the library makes no context.
  Invocation(nvinfer1::ICudaEngine& engine, const std::vector<EngineTensor>& tensors);

  /// False, with the library's reason in the log, for a shape that the engine was not made for.
  bool SetShape(std::size_t input, const nvinfer1::Dims& dims);
  /// Once every open input has its shape.
  nvinfer1::Dims ShapeOf(std::size_t tensor) const;
  /// In memory that the GPU reaches.
  bool SetAddress(std::size_t tensor, void* address);
  bool Enqueue(CUstream_st* stream);
  /// Is told by each `Enqueue` what its layers took, which that then waits for; null: no more.
  void SetProfiler(nvinfer1::IProfiler* profiler);

 private:
  std::vector<std::string> names_;
  std::unique_ptr<nvinfer1::IExecutionContext> context_;
#if !JF_TRT_NAMED_TENSORS
  std::vector<void*> addresses_;
#endif
};

struct TypeName {
  JfType type;
  const char* name;
};
/// JF_UNKNOWN_TYPE, with the vendor's own word, for one that we do not have.
TypeName TypeOf(nvinfer1::DataType type);

}  // namespace jetfleet::tensorrt
