#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/tensorrt/cuda/owners.h"
#include "backends/tensorrt/library.h"
#include "backends/tensorrt/tensors.h"

namespace jetfleet::tensorrt {

/// Where an engine runs.
struct Accelerator {
  /// "gpu", "dla0", …
  std::string name = "gpu";
  /// -1: the GPU.
  int dla_core = -1;
};
/// Throws Failure JF_UNSUPPORTED for one that the device does not have.
Accelerator AcceleratorOf(const char* name, int dla_cores, const std::string& device);

/// A plan that the library took, and its weights on the GPU. Any thread; contexts share it.
class Program {
 public:
  /// `plan`: what this very library wrote on this very device. Throws Failure.
  Program(const Library& library, const cuda::Device& device, const Accelerator& accelerator,
          const void* plan, std::size_t plan_bytes);

  struct Io {
    /// In `tensors()`.
    std::size_t tensor = 0;
    /// Its name and type point into this program.
    JfIo io;
  };
  const std::vector<Io>& inputs() const { return inputs_; }
  const std::vector<Io>& outputs() const { return outputs_; }
  const std::vector<EngineTensor>& tensors() const { return tensors_; }
  nvinfer1::ICudaEngine& engine() const { return *engine_; }
  const cuda::Device& device() const { return device_; }
  const Accelerator& accelerator() const { return accelerator_; }
  /// The library's inspector about the whole engine, as JSON; empty where it has none.
  const std::string& inspection() const { return inspection_; }

 private:
  void DescribeTensors();

  const cuda::Device& device_;
  const Accelerator accelerator_;
  std::unique_ptr<nvinfer1::IRuntime> runtime_;
  std::unique_ptr<nvinfer1::ICudaEngine> engine_;
  std::vector<EngineTensor> tensors_;
  std::vector<Io> inputs_;
  std::vector<Io> outputs_;
  std::string inspection_;
};

}  // namespace jetfleet::tensorrt
