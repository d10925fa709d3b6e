#include "backends/tensorrt/build_config.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/files/output_nodes.h"
#include "backends/tensorrt/files/sealed_engine.h"
#include "backends/tensorrt/files/wire.h"
#include "backends/tensorrt/log.h"

namespace jetfleet::tensorrt {
namespace {

bool IsThere(const char* path) { return path != nullptr && access(path, R_OK) == 0; }

std::string Text(const nvinfer1::Dims& dims) {
  std::string text = "[";
  for (std::int32_t i = 0; i < dims.nbDims; ++i) {
    text += (i == 0 ? "" : ",") + std::to_string(dims.d[i]);
  }
  return text + "]";
}

nvinfer1::Dims DimsOf(const std::int64_t* from, std::int32_t rank) {
  nvinfer1::Dims dims{};
  dims.nbDims = rank;
  for (std::int32_t i = 0; i < rank; ++i) {
    dims.d[i] = static_cast<std::remove_reference_t<decltype(dims.d[0])>>(from[i]);
  }
  return dims;
}

[[noreturn]] void RefuseShape(const std::string& input, const nvinfer1::Dims& dims,
                              const std::string& why) {
  throw Failure(JF_MODEL_INVALID,
                "Expected shapes for input " + input + " " + Text(dims) + " but " + why);
}

/// Of the given ranges, the one of an input, checked; null when there is none.
const JfShapeRange* RangeOf(const JfBuildOptions& options, const std::string& input,
                            const nvinfer1::Dims& dims) {
  for (std::uint32_t i = 0; i < options.shape_count; ++i) {
    const JfShapeRange* const range = options.shapes[i];
    if (range == nullptr || range->input == nullptr || input != range->input) continue;
    if (range->rank != dims.nbDims) {
      RefuseShape(input, dims, "they have " + std::to_string(range->rank) + " dimensions");
    }
    for (std::int32_t d = 0; d < dims.nbDims; ++d) {
      const bool ordered =
          range->min[d] > 0 && range->min[d] <= range->opt[d] && range->opt[d] <= range->max[d];
      const bool fits = dims.d[d] < 0 || (range->min[d] == dims.d[d] && range->max[d] == dims.d[d]);
      if (!ordered || !fits) {
        RefuseShape(input, dims,
                    "dimension " + std::to_string(d) + " is asked to be " +
                        std::to_string(range->min[d]) + ", " + std::to_string(range->opt[d]) +
                        ", " + std::to_string(range->max[d]));
      }
    }
    return range;
  }
  return nullptr;
}

}  // namespace

bool IsHalf(const Model& model) {
  return std::any_of(model.outline.constants.begin(), model.outline.constants.end(),
                     [](const auto& named) { return named.second.type == kOnnxHalf; });
}

std::set<std::string> Float32Nodes(const JfBuildOptions& options) {
  std::set<std::string> nodes;
  for (std::uint32_t i = 0; i < options.float32_node_count; ++i) {
    if (options.float32_nodes[i] != nullptr) nodes.insert(options.float32_nodes[i]);
  }
  return nodes;
}

Precision PrecisionOf(const char* name, const nvinfer1::IBuilder& builder, const Model& model) {
  const std::string asked = name == nullptr ? "" : name;
  const bool quantised = model.outline.quantises();
  if (!asked.empty() && asked != "fp32" && asked != "fp16" && asked != "int8") {
    throw Failure(JF_UNSUPPORTED, "Expected precision fp32, fp16 or int8 but got " + asked);
  }
#if JF_TRT_STRONGLY_TYPED
  static_cast<void>(builder);
  // Types are what the model's own are.
  if (asked == "int8" && !quantised) {
    throw Failure(JF_UNSUPPORTED, std::string("Expected a model that quantises itself but got ") +
                                      model.path + ": " + kVendorName + " " + kHeaders.Text() +
                                      " does not calibrate. Ask for fp16 or fp32, or export the "
                                      "model with symmetric QuantizeLinear and DequantizeLinear");
  }
  if (quantised) return Precision::kInt8;
  // A model of float32 is converted for fp16.
  return asked == "fp16" || IsHalf(model) ? Precision::kFp16 : Precision::kFp32;
#else
  if (asked == "int8" || (asked.empty() && quantised)) {
    if (builder.platformHasFastInt8()) return Precision::kInt8;
    throw Failure(JF_UNSUPPORTED,
                  "Expected a GPU with INT8 arithmetic but this one has none; ask for fp16");
  }
  if (quantised) {
    throw Failure(JF_UNSUPPORTED, "Expected precision int8 but got " + asked + " for " +
                                      model.path + ", which quantises itself");
  }
  if (asked != "fp16") return Precision::kFp32;
  if (builder.platformHasFastFp16()) return Precision::kFp16;
  throw Failure(JF_UNSUPPORTED,
                "Expected a GPU with FP16 arithmetic but this one has none; ask for fp32");
#endif
}

BuildConfig::BuildConfig(nvinfer1::IBuilder* builder, const JfBuildOptions& options,
                         BuildListener* listener)
    : builder_(builder),
      options_(options),
      listener_(listener),
      config_(builder->createBuilderConfig()) {
  if (config_ == nullptr) {
    throw Failure(JF_INTERNAL, "Cannot make a builder's configuration: " + TheLog().Errors());
  }
  if (options.workspace_bytes > 0) SetWorkspace(*config_, options.workspace_bytes);
  SetPools();
  if (options.effort > 0) {
    SetEffort(*config_, static_cast<std::int32_t>(std::min(options.effort, 6U)) - 1);
  }
  // So that the inspector can say what became of the layers.
  config_->setProfilingVerbosity(nvinfer1::ProfilingVerbosity::kDETAILED);
  if ((options.flags & JF_ALLOW_TF32) == 0) config_->clearFlag(nvinfer1::BuilderFlag::kTF32);
}

void BuildConfig::SetPools() {
  const auto set = [&](std::uint64_t bytes, const char* name, auto limit) {
    if (bytes == 0) return;
    TheLog().Clear();
    if (limit(bytes)) return;
    throw Failure(JF_UNSUPPORTED, std::string(kVendorName) + " " + kHeaders.Text() +
                                      " does not take " + std::to_string(bytes) + " bytes for " +
                                      name + ": " + TheLog().Errors());
  };
  const auto no = [](std::uint64_t) { return false; };
#if JF_TRT_DLA_POOLS
  using Pool = nvinfer1::MemoryPoolType;
  const auto pool = [&](Pool which) {
    return [this, which](std::uint64_t bytes) {
      config_->setMemoryPoolLimit(which, bytes);
      return config_->getMemoryPoolLimit(which) == bytes;
    };
  };
  set(options_.dla_managed_sram_bytes, "a DLA's SRAM", pool(Pool::kDLA_MANAGED_SRAM));
  set(options_.dla_local_dram_bytes, "a DLA's own DRAM", pool(Pool::kDLA_LOCAL_DRAM));
  set(options_.dla_global_dram_bytes, "a DLA's shared DRAM", pool(Pool::kDLA_GLOBAL_DRAM));
#else
  set(options_.dla_managed_sram_bytes, "a DLA's SRAM, which came with 8.4", no);
  set(options_.dla_local_dram_bytes, "a DLA's own DRAM, which came with 8.4", no);
  set(options_.dla_global_dram_bytes, "a DLA's shared DRAM, which came with 8.4", no);
#endif
#if JF_TRT_TACTIC_SHARED_MEMORY
  set(options_.tactic_shared_memory_bytes, "what kernels share", pool(Pool::kTACTIC_SHARED_MEMORY));
#else
  set(options_.tactic_shared_memory_bytes, "what kernels share, which came with 10", no);
#endif
  static_cast<void>(no);
}

void BuildConfig::AddProfile(const nvinfer1::INetworkDefinition& network) {
  std::set<std::string> known;
  profile_ = builder_->createOptimizationProfile();
  bool any_open = false;
  for (std::int32_t i = 0; i < network.getNbInputs(); ++i) {
    const nvinfer1::ITensor& input = *network.getInput(i);
    const nvinfer1::Dims dims = input.getDimensions();
    known.insert(input.getName());
    const JfShapeRange* const range = RangeOf(options_, input.getName(), dims);
    const bool open =
        std::any_of(dims.d, dims.d + std::max(dims.nbDims, 0), [](auto dim) { return dim < 0; });
    if (!open) continue;
    any_open = true;
    if (range == nullptr) {
      RefuseShape(input.getName(), dims,
                  "none were given; say the smallest, the usual and the greatest");
    }
    using nvinfer1::OptProfileSelector;
    const std::int64_t* const shapes[] = {range->min, range->opt, range->max};
    const OptProfileSelector which[] = {OptProfileSelector::kMIN, OptProfileSelector::kOPT,
                                        OptProfileSelector::kMAX};
    for (std::size_t s = 0; s < 3; ++s) {
      profile_->setDimensions(input.getName(), which[s], DimsOf(shapes[s], dims.nbDims));
    }
  }
  for (std::uint32_t i = 0; i < options_.shape_count; ++i) {
    const char* const input = options_.shapes[i] == nullptr ? nullptr : options_.shapes[i]->input;
    if (input != nullptr && known.count(input) != 0) continue;
    throw Failure(JF_MODEL_INVALID, std::string("Expected shapes of the model's inputs but got "
                                                "some for ") +
                                        (input == nullptr ? "none" : input));
  }
  if (!any_open) {
    profile_ = nullptr;
    return;
  }
  if (config_->addOptimizationProfile(profile_) < 0) {
    throw Failure(JF_MODEL_INVALID, "The library does not take these shapes: " + TheLog().Errors());
  }
}

void BuildConfig::SetPrecision(Precision precision, const nvinfer1::INetworkDefinition& network,
                               const Model& model) {
#if !JF_TRT_STRONGLY_TYPED
  if (precision == Precision::kFp32) return;
  // Layers without an INT8 kernel are faster in FP16 than in FP32.
  if (builder_->platformHasFastFp16()) config_->setFlag(nvinfer1::BuilderFlag::kFP16);
  if (precision != Precision::kInt8) return;
  config_->setFlag(nvinfer1::BuilderFlag::kINT8);
  if (!model.outline.quantises()) SetCalibration(network, model);
#else
  static_cast<void>(precision);
  static_cast<void>(network);
  static_cast<void>(model);
#endif
}

void BuildConfig::KeepFloat32(const std::set<std::string>& nodes,
                              const nvinfer1::INetworkDefinition& network) {
#if !JF_TRT_STRONGLY_TYPED
  const std::set<std::string> found =
      Hold(nodes, network, nvinfer1::DataType::kFLOAT, "stays in float32");
  for (const std::string& node : nodes) {
    if (found.count(node) != 0) continue;
    throw Failure(JF_MODEL_INVALID, "Expected nodes of the model to keep in float32 but " + node +
                                        " is none of its layers");
  }
#else
  static_cast<void>(nodes);
  static_cast<void>(network);
#endif
}

void BuildConfig::KeepOutputs(const OnnxOutline& outline,
                              const nvinfer1::INetworkDefinition& network) {
#if !JF_TRT_STRONGLY_TYPED
  if (outline.quantises()) return;  // the model says itself what is INT8
  const auto type =
      builder_->platformHasFastFp16() ? nvinfer1::DataType::kHALF : nvinfer1::DataType::kFLOAT;
  Hold(OutputNodes(outline), network, type, "is not quantised: it makes the model's outputs");
#else
  static_cast<void>(outline);
  static_cast<void>(network);
#endif
}

#if !JF_TRT_STRONGLY_TYPED
std::set<std::string> BuildConfig::Hold(const std::set<std::string>& nodes,
                                        const nvinfer1::INetworkDefinition& network,
                                        nvinfer1::DataType type, const char* told) {
  std::set<std::string> found;
  for (std::int32_t i = 0; i < network.getNbLayers(); ++i) {
    nvinfer1::ILayer* const layer = network.getLayer(i);
    const auto kind = layer->getType();
    // These have the types of what they hold.
    const bool computes =
        kind != nvinfer1::LayerType::kCONSTANT && kind != nvinfer1::LayerType::kSHAPE;
    if (nodes.count(layer->getName()) == 0) continue;
    found.insert(layer->getName());
    if (!computes || layer->precisionIsSet()) continue;
    layer->setPrecision(type);
    for (std::int32_t j = 0; j < layer->getNbOutputs(); ++j) {
      if (layer->getOutput(j)->getType() == nvinfer1::DataType::kFLOAT) {
        layer->setOutputType(j, type);
      }
    }
    listener_->Problem(JF_WARNING, layer->getName(), LayerTypeName(kind), told);
  }
  if (!found.empty()) config_->setFlag(nvinfer1::BuilderFlag::kOBEY_PRECISION_CONSTRAINTS);
  return found;
}
#endif

void BuildConfig::SetCalibration(const nvinfer1::INetworkDefinition& network, const Model& model) {
#if !JF_TRT_STRONGLY_TYPED
  Calibrator::Source source;
  if (IsThere(options_.calibration_table_path)) {
    const std::vector<char> text =
        ReadWholeFile(options_.calibration_table_path, "a calibration table");
    source.table = ReadCalibrationTable({text.data(), text.size()}, model.digest);
  } else if (options_.calibration_data_path != nullptr) {
    source.data_folder = options_.calibration_data_path;
    if ((options_.flags & JF_MIN_MAX_RANGES) != 0) source.table.method = CalibrationMethod::kMinMax;
  } else {
    throw Failure(JF_MODEL_INVALID,
                  "Expected a calibration table or data for INT8 but got neither; name one, or "
                  "give a model with QuantizeLinear and DequantizeLinear pairs");
  }
  const nvinfer1::ITensor& input = *network.getInput(0);
  nvinfer1::Dims dims = input.getDimensions();
  if (!source.data_folder.empty() &&
      (network.getNbInputs() != 1 || input.getType() != nvinfer1::DataType::kFLOAT ||
       dims.nbDims < 1)) {
    throw Failure(JF_UNSUPPORTED,
                  "Expected a model with one input of float32 to calibrate; give a model with "
                  "QuantizeLinear and DequantizeLinear pairs instead");
  }
  if (profile_ != nullptr) {
    dims = profile_->getDimensions(input.getName(), nvinfer1::OptProfileSelector::kOPT);
    config_->setCalibrationProfile(profile_);
  }
  source.batch = static_cast<std::size_t>(dims.d[0]);
  source.item_bytes = sizeof(float);
  for (std::int32_t i = 1; i < dims.nbDims; ++i) {
    source.item_bytes *= static_cast<std::size_t>(dims.d[i]);
  }
  calibrator_ = std::make_unique<Calibrator>(std::move(source), model.digest, listener_);
  config_->setInt8Calibrator(calibrator_->vendor());
#else
  static_cast<void>(network);
  static_cast<void>(model);
#endif
}

void BuildConfig::PlaceLayers(const Accelerator& accelerator, Precision precision,
                              const nvinfer1::INetworkDefinition& network) {
  const bool on_dla = accelerator.dla_core >= 0;
  if (on_dla && precision == Precision::kFp32) {
    throw Failure(JF_UNSUPPORTED, "Expected fp16 or int8 for a DLA but got fp32, which it has not");
  }
  if (on_dla) {
    config_->setDefaultDeviceType(nvinfer1::DeviceType::kDLA);
    config_->setDLACore(accelerator.dla_core);
    if ((options_.flags & JF_GPU_FALLBACK) != 0) {
      config_->setFlag(nvinfer1::BuilderFlag::kGPU_FALLBACK);
    }
  }
  std::size_t refused = 0;
  std::string first;
  for (std::int32_t i = 0; i < network.getNbLayers(); ++i) {
    nvinfer1::ILayer* const layer = network.getLayer(i);
    const bool takes = !on_dla || config_->canRunOnDLA(layer);
    std::string reason;
    if (!takes) {
      reason = "the DLA does not take this layer";
      config_->setDeviceType(layer, nvinfer1::DeviceType::kGPU);
      if (refused++ == 0) first = layer->getName();
    }
    listener_->Layer(layer->getName(), LayerTypeName(layer->getType()),
                     takes ? accelerator.name : "gpu", reason);
  }
  if (refused > 0 && (options_.flags & JF_GPU_FALLBACK) == 0) {
    throw Failure(JF_UNSUPPORTED, "Expected a model that the DLA takes whole but it refuses " +
                                      std::to_string(refused) + " layers, first " + first +
                                      "; allow them on the GPU");
  }
}

void BuildConfig::SetComputeCapability(bool has_device) {
#if JF_TRT_CROSS_BUILDS
  using nvinfer1::ComputeCapability;
  if (options_.compute_capability == 0) {
    if (has_device) return;
    throw Failure(JF_LIBRARY,
                  "Expected a GPU to build for, or the compute capability of another machine's, "
                  "but got neither");
  }
  const auto asked = static_cast<ComputeCapability>(options_.compute_capability);
  TheLog().Clear();
  if (config_->setNbComputeCapabilities(1) && config_->setComputeCapability(asked, 0)) return;
  throw Failure(JF_UNSUPPORTED, "Expected a compute capability that " + std::string(kVendorName) +
                                    " builds for but got " +
                                    std::to_string(options_.compute_capability / 10) + "." +
                                    std::to_string(options_.compute_capability % 10) + ": " +
                                    TheLog().Errors());
#else
  static_cast<void>(has_device);
  if (options_.compute_capability == 0) return;
  throw Failure(JF_UNSUPPORTED, std::string(kVendorName) +
                                    " builds for the GPU that it runs on; build on that device");
#endif
}

void BuildConfig::UseTimingCache() {
  if (options_.timing_cache_path == nullptr) return;
  std::vector<char> kept;
  if (IsThere(options_.timing_cache_path)) {
    kept = ReadWholeFile(options_.timing_cache_path, "a timing cache");
  }
  timing_cache_.reset(config_->createTimingCache(kept.data(), kept.size()));
  if (timing_cache_ != nullptr && config_->setTimingCache(*timing_cache_, false)) return;
  // Of another device or version; it is begun anew.
  listener_->Problem(JF_WARNING, "", "",
                     std::string("The timing cache ") + options_.timing_cache_path +
                         " is of no use here and begun anew");
  timing_cache_.reset(config_->createTimingCache(nullptr, 0));
  if (timing_cache_ != nullptr) config_->setTimingCache(*timing_cache_, false);
}

void BuildConfig::KeepTimingCache() {
  if (timing_cache_ == nullptr) return;
  const nvinfer1::ITimingCache* const cache = config_->getTimingCache();
  if (cache == nullptr) return;
  const std::unique_ptr<nvinfer1::IHostMemory> bytes(cache->serialize());
  if (bytes == nullptr || bytes->size() == 0) return;
  try {
    WriteWholeFile(options_.timing_cache_path,
                   {{static_cast<const char*>(bytes->data()), bytes->size()}}, "the timing cache");
  } catch (const Failure& failure) {
    // The next build takes longer; this one is not lost for it.
    listener_->Problem(JF_WARNING, "", "", failure.what());
  }
}

void BuildConfig::KeepCalibration() {
#if !JF_TRT_STRONGLY_TYPED
  if (calibrator_ == nullptr) return;
  calibrator_->ThrowIfFailed();
  if (calibrator_->found().scales.empty() || options_.calibration_table_path == nullptr) return;
  const std::string text = calibrator_->found().Text();
  WriteWholeFile(options_.calibration_table_path, {text}, "the calibration table");
#endif
}

}  // namespace jetfleet::tensorrt
