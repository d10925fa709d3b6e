#include "backends/tensorrt/profile.h"

#include <map>

#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/log.h"

namespace jetfleet::tensorrt {
namespace {

/// Gathers what the library reports. It is called from `Enqueue`, so on this thread alone.
class Profiler final : public nvinfer1::IProfiler {
 public:
  void reportLayerTime(const char* layer, float ms) noexcept override {
    if (layer == nullptr || !measuring_) return;
    try {
      const auto [place, is_new] = places_.emplace(layer, layers_.size());
      if (is_new) layers_.push_back({layer, 0});
      layers_[place->second].ms += static_cast<double>(ms);
    } catch (...) {  // a layer that is missing is found to be by whoever counts them
      return;
    }
  }

  void Measure() { measuring_ = true; }
  /// Of one run, when there were so many.
  std::vector<LayerTime> Mean(std::uint32_t runs) const {
    std::vector<LayerTime> mean = layers_;
    for (LayerTime& layer : mean) layer.ms /= runs;
    return mean;
  }

 private:
  bool measuring_ = false;
  std::vector<LayerTime> layers_;
  std::map<std::string, std::size_t> places_;
};

/// The tensors of one run where the GPU reaches them.
class Bindings {
 public:
  Bindings(const Program& program, const cuda::Stream& stream, Invocation* invocation)
      : program_(program), stream_(stream), invocation_(invocation) {}

  void Bind(const JfTensor& tensor, const Program::Io& io) {
    const EngineTensor& known = program_.tensors()[io.tensor];
    nvinfer1::Dims dims{};
    dims.nbDims = tensor.rank;
    for (std::int32_t i = 0; i < tensor.rank; ++i) {
      dims.d[i] = static_cast<std::remove_reference_t<decltype(dims.d[0])>>(tensor.dims[i]);
    }
    const bool shaped = !known.is_input || !known.open() || invocation_->SetShape(io.tensor, dims);
    void* address = tensor.data;
    if ((tensor.memory & JF_CUDA) == 0) {
      memory_.push_back(cuda::Allocate(tensor.bytes));
      address = reinterpret_cast<void*>(memory_.back().get());
      if (known.is_input) {
        cuda::CopyToDevice(memory_.back().get(), tensor.data, tensor.bytes, stream_, &transfers_);
      }
    }
    if (shaped && invocation_->SetAddress(io.tensor, address)) return;
    throw Failure(JF_MODEL_INVALID,
                  "The engine does not take " + known.name + ": " + TheLog().Errors());
  }

 private:
  const Program& program_;
  const cuda::Stream& stream_;
  Invocation* const invocation_;
  std::vector<cuda::DeviceMemory> memory_;
  cuda::Transfers transfers_;
};

}  // namespace

std::vector<LayerTime> ProfileLayers(const Program& program, const std::vector<JfTensor>& inputs,
                                     const std::vector<JfTensor>& outputs, std::uint32_t runs) {
  if (inputs.size() != program.inputs().size() || outputs.size() != program.outputs().size()) {
    throw Failure(JF_INTERNAL, "Expected a tensor for each input and output to profile a run");
  }
  program.device().MakeCurrent();
  Profiler profiler;
  const cuda::Stream stream = cuda::MakeStream();
  Invocation invocation(program.engine(), program.tensors());
  Bindings bindings(program, stream, &invocation);
  for (std::size_t i = 0; i < inputs.size(); ++i) bindings.Bind(inputs[i], program.inputs()[i]);
  for (std::size_t i = 0; i < outputs.size(); ++i) bindings.Bind(outputs[i], program.outputs()[i]);
  invocation.SetProfiler(&profiler);
  const auto run = [&] {
    if (!invocation.Enqueue(stream.get())) {
      throw Failure(JF_INTERNAL, "The engine failed while running: " + TheLog().Errors());
    }
    cuda::Synchronize(stream);
  };
  // The first ones load kernels.
  run();
  run();
  profiler.Measure();
  for (std::uint32_t i = 0; i < runs; ++i) run();
  invocation.SetProfiler(nullptr);
  return profiler.Mean(runs);
}

}  // namespace jetfleet::tensorrt
