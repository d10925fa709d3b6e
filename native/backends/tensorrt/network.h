#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backends/tensorrt/build_events.h"
#include "backends/tensorrt/files/onnx_outline.h"
#include "backends/tensorrt/library.h"

namespace jetfleet::tensorrt {

/// An ONNX file as it was read, once: what is checked is what is parsed.
struct Model {
  std::string path;
  std::vector<char> bytes;
  OnnxOutline outline;
  std::string digest;
};

/// Reads a model and tells the listener of all that TensorRT would refuse. Throws Failure
/// JF_MODEL_INVALID when there is anything of that.
Model ReadModel(const std::string& path, BuildListener* listener);

/// Has a model of float32 compute in float16, but for nodes that need float32, of which the
/// listener is told, with the reason; the digest stays the file's. Throws Failure JF_UNSUPPORTED
/// for a model that cannot be converted (files/half_model.h).
void ConvertToHalf(const std::set<std::string>& keep, Model* model, BuildListener* listener);

/// A model as the vendor's network. The parser owns weights and outlives the network.
struct Network {
  std::unique_ptr<nvinfer1::INetworkDefinition> definition;
  std::unique_ptr<nvonnxparser::IParser> parser;

  ~Network() { definition.reset(); }
};

/// Throws Failure JF_MODEL_INVALID after the listener was told of each node that is refused.
std::unique_ptr<Network> ParseModel(const Library& library, nvinfer1::IBuilder& builder,
                                    const Model& model, BuildListener* listener);

/// "convolution", …; "layer" for what has no name here.
const char* LayerTypeName(nvinfer1::LayerType type);

}  // namespace jetfleet::tensorrt
