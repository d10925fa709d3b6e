#include "backends/tensorrt/network.h"

#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/files/half_model.h"
#include "backends/tensorrt/files/model_checks.h"
#include "backends/tensorrt/files/sealed_engine.h"
#include "backends/tensorrt/files/sha256.h"
#include "backends/tensorrt/log.h"

namespace jetfleet::tensorrt {
namespace {

/// Of a message in the serialised form of protocol buffers.
constexpr std::size_t kMostModelBytes = (std::size_t{1} << 31U) - 1;

/// Tells of problems and keeps what is said of them together.
class Refusals {
 public:
  explicit Refusals(BuildListener* listener) : listener_(listener) {}

  void Add(const std::string& node, const std::string& op, const std::string& message) {
    listener_->Problem(JF_ERROR, node, op, message);
    if (count_++ == 0) first_ = op + " " + node + ": " + message;
  }
  std::size_t count() const { return count_; }
  /// "`path` has 2 nodes that …; first: …"
  [[noreturn]] void Throw(const std::string& path) const {
    const std::string more = count_ == 1 ? "" : " (and " + std::to_string(count_ - 1) + " more)";
    throw Failure(JF_MODEL_INVALID, std::string("Expected a model that ") + kVendorName +
                                        " takes but got " + path + ": " + first_ + more);
  }

 private:
  BuildListener* const listener_;
  std::size_t count_ = 0;
  std::string first_;
};

std::string FolderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

constexpr char kRemedy[] = "; export the model without it, or run it on the cpu";

void AddParserError(const nvonnxparser::IParserError& error, const OnnxOutline& outline,
                    Refusals* refusals) {
  std::string node;
  std::string op;
#if JF_TRT_PROGRESS
  if (error.nodeName() != nullptr) node = error.nodeName();
  if (error.nodeOperator() != nullptr) op = error.nodeOperator();
#endif
  const int index = error.node();
  if (index >= 0 && static_cast<std::size_t>(index) < outline.nodes.size()) {
    const OnnxNode& at = outline.nodes[static_cast<std::size_t>(index)];
    if (node.empty()) node = at.name;
    if (op.empty()) op = at.op;
  }
  const std::string why = error.desc() == nullptr ? "refused by the parser" : error.desc();
  refusals->Add(node, op, why + kRemedy);
}

/// Versions before 10 stop at the first error; what else they do not know is found by asking.
void AddUnknownOperators(const nvonnxparser::IParser& parser, const OnnxOutline& outline,
                         Refusals* refusals) {
  for (const OnnxNode& node : outline.nodes) {
    if (!node.domain.empty() || parser.supportsOperator(node.op.c_str())) continue;
    refusals->Add(node.name, node.op, std::string(kVendorName) + " has no such operator" + kRemedy);
  }
}

}  // namespace

Model ReadModel(const std::string& path, BuildListener* listener) {
  Model model;
  model.path = path;
  model.bytes = ReadWholeFile(path, "an ONNX model", kMostModelBytes,
                              "; keep its weights in an external data file");
  model.outline = ReadOutline(model.bytes.data(), model.bytes.size());
  model.digest = HexOf(Sha256Of(model.bytes.data(), model.bytes.size()));
  Refusals refusals(listener);
  auto problems = CheckNodes(model.outline);
  const auto external = CheckExternalData(model.outline, FolderOf(path));
  problems.insert(problems.end(), external.begin(), external.end());
  for (const ModelProblem& problem : problems) {
    if (problem.fatal) {
      refusals.Add(problem.node, problem.op, problem.message);
    } else if (!JF_TRT_PROGRESS) {  // INT64 is a type of its own since
      listener->Problem(JF_WARNING, problem.node, problem.op, problem.message);
    }
  }
  if (refusals.count() > 0) refusals.Throw(path);
  return model;
}

void ConvertToHalf(const std::set<std::string>& keep, Model* model, BuildListener* listener) {
  const HalfModel half = HalfModelOf(model->bytes.data(), model->bytes.size(), keep);
  for (const KeptNode& node : half.kept) {
    listener->Problem(JF_WARNING, node.name, node.op, "stays in float32: " + node.why);
  }
  model->bytes.assign(half.bytes.begin(), half.bytes.end());
  // Errors of the parser count the nodes of what it reads.
  model->outline = ReadOutline(model->bytes.data(), model->bytes.size());
}

std::unique_ptr<Network> ParseModel(const Library& library, nvinfer1::IBuilder& builder,
                                    const Model& model, BuildListener* listener) {
  auto network = std::make_unique<Network>();
  network->definition.reset(builder.createNetworkV2(NetworkFlags()));
  if (network->definition == nullptr) {
    throw Failure(JF_INTERNAL, "Cannot make a network: " + TheLog().Errors());
  }
  network->parser = library.NewParser(*network->definition);
  TheLog().Clear();
  if (network->parser->parse(model.bytes.data(), model.bytes.size(), model.path.c_str())) {
    return network;
  }
  Refusals refusals(listener);
  for (int i = 0; i < network->parser->getNbErrors(); ++i) {
    AddParserError(*network->parser->getError(i), model.outline, &refusals);
  }
  if (refusals.count() <= 1) {
    AddUnknownOperators(*network->parser, model.outline, &refusals);
  }
  if (refusals.count() == 0) refusals.Add("", "", TheLog().Errors());
  refusals.Throw(model.path);
}

const char* LayerTypeName(nvinfer1::LayerType type) {
  using nvinfer1::LayerType;
  switch (type) {
    case LayerType::kCONVOLUTION:
      return "convolution";
    case LayerType::kDECONVOLUTION:
      return "deconvolution";
    case LayerType::kACTIVATION:
      return "activation";
    case LayerType::kPOOLING:
      return "pooling";
    case LayerType::kSCALE:
      return "scale";
    case LayerType::kSOFTMAX:
      return "softmax";
    case LayerType::kCONCATENATION:
      return "concatenation";
    case LayerType::kELEMENTWISE:
      return "elementwise";
    case LayerType::kUNARY:
      return "unary";
    case LayerType::kSHUFFLE:
      return "shuffle";
    case LayerType::kREDUCE:
      return "reduce";
    case LayerType::kTOPK:
      return "top-k";
    case LayerType::kGATHER:
      return "gather";
    case LayerType::kMATRIX_MULTIPLY:
      return "matrix-multiply";
    case LayerType::kCONSTANT:
      return "constant";
    case LayerType::kIDENTITY:
      return "identity";
    case LayerType::kSLICE:
      return "slice";
    case LayerType::kSHAPE:
      return "shape";
    case LayerType::kRESIZE:
      return "resize";
    case LayerType::kQUANTIZE:
      return "quantize";
    case LayerType::kDEQUANTIZE:
      return "dequantize";
    default:
      return "layer";
  }
}

}  // namespace jetfleet::tensorrt
