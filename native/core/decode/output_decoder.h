#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/decode/candidates.h"
#include "core/decode/placement.h"
#include "core/geometry.h"
#include "core/infer/backend.h"
#include "core/status.h"

namespace jetfleet {

/// What is not as the decoder's family has it by default.
struct PreprocessOptions {
  std::optional<PreprocessSpec::Fit> fit;
  std::optional<PreprocessSpec::Anchor> anchor;
  std::optional<PreprocessSpec::Channels> channels;
  std::optional<std::array<float, 3>> mean;
  std::optional<std::array<float, 3>> scale;
  std::optional<float> pad;
};

struct DecoderOptions {
  /// A name of the registry, or "auto": the one that fits the model's inputs and outputs.
  std::string name = "yolox";
  std::size_t labels = 0;
  float nms_iou = 0.45F;
  /// Of the model's picture, where the model leaves it open.
  Size input;
  /// Widths and heights of darknet's anchors, small ones first; empty: those of the published
  /// models.
  std::vector<float> anchors;
  PreprocessOptions preprocess;
  /// Of decoder "library": a shared object as decoders/decoder_abi.h has it, and "sha256:…" of it;
  /// empty: it is not compared.
  std::string library;
  std::string library_digest;
};

/// What an input that is not the picture holds: these values, over and over.
struct InputConstant {
  std::size_t input = 0;
  std::vector<double> values;
};

/// What was seen of a model's answers to real pictures.
struct Impression {
  std::size_t pictures = 0;
  /// Of all candidates of all pictures.
  float best_score = 0;
};

/// Reads what a family of models answers. Any thread.
class OutputDecoder {
 public:
  virtual ~OutputDecoder() = default;

  /// How pictures get into the model that this decoder was bound to.
  virtual const PreprocessSpec& preprocess() const = 0;
  /// Of the model's picture.
  virtual Size input() const = 0;
  /// What the model's other inputs are given.
  virtual std::vector<InputConstant> constants() const { return {}; }

  /// Detections of item `item` of the batch in source pixels, best first, none below `min_score`.
  /// `outputs` lie on the host, in the order of the model's outputs.
  virtual void Decode(const std::vector<TensorView>& outputs, std::int64_t item,
                      const Placement& placement, float min_score,
                      std::vector<Detection>* detections) const = 0;

  /// Of models that tell things apart instead of finding them: item `item` as a vector of length 1;
  /// empty for all others.
  virtual std::vector<float> Embed(const std::vector<TensorView>& outputs, std::int64_t item) const;

  /// The output of which an accelerator may bring candidates in place of the whole.
  virtual std::optional<CandidateHead> head() const { return std::nullopt; }
  /// Makes such candidates, in pixels of the model's input, what `Decode` would have made of the
  /// whole output.
  virtual void Finish(const Placement& placement, std::vector<Detection>* detections) const = 0;

  /// Shape is not meaning: whether an answer to a real picture can be what this decoder takes it
  /// for. MODEL_INVALID says what cannot be.
  virtual Status Judge(const std::vector<TensorView>& outputs, std::int64_t item,
                       Impression* impression) const;
  /// The same of all pictures together.
  virtual Status Conclude(const Impression& impression) const;
};

/// A decoder at a model, and what was decided on the way.
struct BoundDecoder {
  std::unique_ptr<OutputDecoder> decoder;
  /// The registry's name.
  std::string name;
  /// Why this one, where it was chosen by the model's shapes.
  std::string reason;
  /// The model's inputs and outputs with what it leaves open filled in, except for the batch.
  ModelInfo info;
  /// Number of the input that takes the picture.
  std::size_t picture = 0;
};

/// Looks the decoder up by name, or by what the model's inputs and outputs are, and fits it to
/// them. MODEL_INVALID, saying what was expected, when there is none of that name, the model is not
/// of its family, or several families would do.
Status BindDecoder(const DecoderOptions& options, const ModelInfo& info, BoundDecoder* bound);
/// The same for who needs the decoder alone.
Status BindDecoder(const DecoderOptions& options, const ModelInfo& info,
                   std::unique_ptr<OutputDecoder>* decoder);

/// Names of the registry, in its order.
std::vector<std::string> DecoderNames();

}  // namespace jetfleet
