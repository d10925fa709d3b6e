#pragma once

#include <memory>
#include <set>
#include <string>

#include "backends/tensorrt/calibrator.h"
#include "backends/tensorrt/network.h"
#include "backends/tensorrt/program.h"

namespace jetfleet::tensorrt {

enum class Precision { kFp32, kFp16, kInt8 };

/// Whether a model's own types are halves, as strongly typed libraries want them for FP16.
bool IsHalf(const Model& model);

/// Names of nodes that were asked to stay in float32.
std::set<std::string> Float32Nodes(const JfBuildOptions& options);

/// Throws Failure JF_UNSUPPORTED for what this library, this GPU or this model does not do, before
/// anything is built. `name` null: FP32, or INT8 where the model quantises itself.
Precision PrecisionOf(const char* name, const nvinfer1::IBuilder& builder, const Model& model);

/// All that a builder is told, and what must live as long as it builds.
class BuildConfig {
 public:
  BuildConfig(nvinfer1::IBuilder* builder, const JfBuildOptions& options, BuildListener* listener);

  /// The one profile: the shapes of every input. JF_MODEL_INVALID for an open input without one.
  void AddProfile(const nvinfer1::INetworkDefinition& network);
  /// After the profile.
  void SetPrecision(Precision precision, const nvinfer1::INetworkDefinition& network,
                    const Model& model);
  /// Layers of nodes that stay in float32, of which the listener is told. Throws Failure
  /// JF_MODEL_INVALID for a name that no layer has.
  void KeepFloat32(const std::set<std::string>& nodes, const nvinfer1::INetworkDefinition& network);
  /// Layers that make the model's outputs are computed in FP16 in an INT8 engine (float32 where the
  /// GPU has no FP16): files/output_nodes.h says why. Not for a model that quantises itself.
  void KeepOutputs(const OnnxOutline& outline, const nvinfer1::INetworkDefinition& network);
  /// Each layer is told to the listener with where it goes and why.
  void PlaceLayers(const Accelerator& accelerator, Precision precision,
                   const nvinfer1::INetworkDefinition& network);
  void SetComputeCapability(bool has_device);
  void UseTimingCache();
  /// Keeps what was timed, of a build that was cancelled too.
  void KeepTimingCache();
  /// Writes what calibrating found. Throws when it failed.
  void KeepCalibration();

  nvinfer1::IBuilderConfig& get() { return *config_; }

 private:
  void SetPools();
#if !JF_TRT_STRONGLY_TYPED
  /// Returns which of the nodes there are.
  std::set<std::string> Hold(const std::set<std::string>& nodes,
                             const nvinfer1::INetworkDefinition& network, nvinfer1::DataType type,
                             const char* told);
#endif
  void SetCalibration(const nvinfer1::INetworkDefinition& network, const Model& model);

  nvinfer1::IBuilder* const builder_;
  const JfBuildOptions& options_;
  BuildListener* const listener_;
  std::unique_ptr<nvinfer1::IBuilderConfig> config_;
  std::unique_ptr<nvinfer1::ITimingCache> timing_cache_;
  nvinfer1::IOptimizationProfile* profile_ = nullptr;
#if !JF_TRT_STRONGLY_TYPED
  std::unique_ptr<Calibrator> calibrator_;
#endif
};

}  // namespace jetfleet::tensorrt
