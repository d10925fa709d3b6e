#include "backends/tensorrt/program.h"

#include <algorithm>

#include "backends/io_layout.h"
#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/log.h"

namespace jetfleet::tensorrt {
namespace {

constexpr nvinfer1::OptProfileSelector kSelectors[] = {nvinfer1::OptProfileSelector::kMIN,
                                                       nvinfer1::OptProfileSelector::kOPT,
                                                       nvinfer1::OptProfileSelector::kMAX};

void PutDims(const nvinfer1::Dims& dims, std::int64_t* to) {
  std::copy(dims.d, dims.d + std::clamp(dims.nbDims, 0, JF_MAX_RANK), to);
}

}  // namespace

Accelerator AcceleratorOf(const char* name, int dla_cores, const std::string& device) {
  const std::string asked = name == nullptr ? "gpu" : name;
  if (asked == "gpu") return {};
  // "dla" is the first that there is.
  const bool is_dla = asked.rfind("dla", 0) == 0 && asked.size() <= 4 &&
                      (asked.size() == 3 || (asked[3] >= '0' && asked[3] <= '9'));
  if (!is_dla) {
    throw Failure(JF_UNSUPPORTED,
                  "Expected accelerator gpu, dla0 or dla1 but got \"" + asked + "\"");
  }
  const int core = asked.size() == 3 ? 0 : asked[3] - '0';
  if (core >= dla_cores) {
    throw Failure(
        JF_UNSUPPORTED,
        "Expected a device with accelerator " + asked + " but " + device + " has " +
            (dla_cores == 0 ? std::string("no DLA") : std::to_string(dla_cores) + " DLA cores") +
            "; ask for the gpu");
  }
  return {"dla" + std::to_string(core), core};
}

Program::Program(const Library& library, const cuda::Device& device, const Accelerator& accelerator,
                 const void* plan, std::size_t plan_bytes)
    : device_(device), accelerator_(accelerator) {
  device_.MakeCurrent();
  runtime_ = library.NewRuntime();
  if (accelerator_.dla_core >= 0) runtime_->setDLACore(accelerator_.dla_core);
  TheLog().Clear();
  engine_.reset(runtime_->deserializeCudaEngine(plan, plan_bytes));
  // Weights, and some for the library itself.
  const std::size_t needed = 2 * plan_bytes + (std::size_t{64} << 20U);
  if (engine_ == nullptr && (TheLog().SpeaksOfMemory() || cuda::FreeBytes() < needed)) {
    throw Failure(JF_OUT_OF_MEMORY,
                  "Not enough memory of the GPU to load the engine; stop what else "
                  "uses it: " +
                      TheLog().Errors());
  }
  if (engine_ == nullptr) {
    throw Failure(JF_MODEL_INVALID, std::string(kVendorName) + " " + library.version() +
                                        " does not take the engine: " + TheLog().Errors() +
                                        ". Build it again on this device");
  }
  tensors_ = TensorsOf(*engine_);
  DescribeTensors();
  const std::unique_ptr<nvinfer1::IEngineInspector> inspector(engine_->createEngineInspector());
  if (inspector == nullptr) return;
  const char* const json = inspector->getEngineInformation(nvinfer1::LayerInformationFormat::kJSON);
  if (json != nullptr) inspection_ = json;
}

void Program::DescribeTensors() {
  std::vector<JfIo> ios(tensors_.size());
  bool open = false;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const EngineTensor& tensor = tensors_[i];
    const TypeName type = TypeOf(tensor.type);
    JfIo& io = ios[i] = Sized<JfIo>();
    io.name = tensor.name.c_str();
    io.type = type.type;
    io.type_name = type.name;
    io.rank = tensor.dims.nbDims;
    io.memory = JF_HOST | JF_PINNED | JF_CUDA;
    for (std::int64_t* dims : {io.min, io.opt, io.max}) PutDims(tensor.dims, dims);
    open = open || tensor.open();
  }
  if (open) {
    // What open inputs make of the outputs only a context can tell.
    Invocation trial(*engine_, tensors_);
    for (const auto which : kSelectors) {
      const auto dims_of = [which](JfIo& io) {
        if (which == nvinfer1::OptProfileSelector::kMIN) return io.min;
        return which == nvinfer1::OptProfileSelector::kOPT ? io.opt : io.max;
      };
      for (std::size_t i = 0; i < tensors_.size(); ++i) {
        if (!tensors_[i].is_input || !tensors_[i].open()) continue;
        const nvinfer1::Dims dims = ProfileDims(*engine_, i, which);
        trial.SetShape(i, dims);
        PutDims(dims, dims_of(ios[i]));
      }
      for (std::size_t i = 0; i < tensors_.size(); ++i) {
        if (!tensors_[i].is_input) PutDims(trial.ShapeOf(i), dims_of(ios[i]));
      }
    }
  }
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    ios[i].layout = LayoutOf(ios[i].rank, ios[i].max);
    (tensors_[i].is_input ? inputs_ : outputs_).push_back({i, ios[i]});
  }
}

}  // namespace jetfleet::tensorrt
