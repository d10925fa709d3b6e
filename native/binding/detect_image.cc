#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "binding/to_js.h"
#include "core/infer/model_program.h"
#include "core/prepare/host_preparer.h"

namespace jetfleet {
namespace {

constexpr double kMaxSide = 16384;

struct Image {
  std::vector<std::uint8_t> rgb;
  Size size;
};

/// Copies the pixels: JavaScript may write to its array while the job runs.
std::string ReadImage(Napi::Value value, Image* image) {
  OptionReader reader(value, "image");
  image->size.width = static_cast<int>(reader.Number("width", 1, kMaxSide));
  image->size.height = static_cast<int>(reader.Number("height", 1, kMaxSide));
  const Napi::Value pixels = reader.Get("rgb");
  if (!reader.error().empty()) return reader.error();
  if (!pixels.IsTypedArray() ||
      pixels.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    return "Expected a Uint8Array for image.rgb";
  }
  const auto bytes = pixels.As<Napi::Uint8Array>();
  const std::size_t expected = static_cast<std::size_t>(image->size.width) * image->size.height * 3;
  if (bytes.ByteLength() != expected) {
    return "Expected " + std::to_string(expected) + " bytes for image.rgb but got " +
           std::to_string(bytes.ByteLength());
  }
  image->rgb.assign(bytes.Data(), bytes.Data() + expected);
  return "";
}

Status Detect(const ModelOptions& options, const Image& image, std::vector<Detection>* found) {
  std::shared_ptr<ModelProgram> model;
  const Status loaded = ModelProgram::Load(options, &model);
  return loaded.ok() ? model->DetectRgb(image.rgb.data(), image.size, found) : loaded;
}

Status Embed(const ModelOptions& options, const Image& image, std::vector<float>* vector) {
  std::shared_ptr<ModelProgram> model;
  RunTensors tensors;
  Status status = ModelProgram::Load(options, &model);
  if (status.ok()) {
    status =
        model->Borrow(model->BatchFor(1), ModelProgram::FilledBy::kHost, std::nullopt, &tensors);
  }
  if (!status.ok()) return status;
  HostPreparer().RunRgb(image.rgb.data(), image.size, model->decoder().preprocess(),
                        tensors.input.Slot(0));
  status = model->RunOnce(tensors);
  if (status.ok()) *vector = model->decoder().Embed(tensors.outputs, 0);
  return status;
}

/// A model and a picture; returns what is wrong with them, empty when nothing is.
std::string ReadArguments(const Napi::CallbackInfo& info, ModelOptions* options, Image* image) {
  OptionReader reader(info[0], "model");
  *options = ReadModelOptions(&reader);
  return reader.error().empty() ? ReadImage(info[1], image) : reader.error();
}

}  // namespace

Napi::Value EmbedImage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ModelOptions options;
  const auto image = std::make_shared<Image>();
  const std::string error = ReadArguments(info, &options, image.get());
  if (!error.empty()) return Rejected(env, Napi::TypeError::New(env, error));

  const auto vector = std::make_shared<std::vector<float>>();
  return Job::Run(
      env, "jetfleet-embed",
      [options, image, vector] { return Embed(options, *image, vector.get()); },
      [vector](Napi::Env settle_env) {
        auto result = Napi::Float32Array::New(settle_env, vector->size());
        std::copy(vector->begin(), vector->end(), result.Data());
        return result;
      });
}

Napi::Value DetectImage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ModelOptions options;
  const auto image = std::make_shared<Image>();
  const std::string error = ReadArguments(info, &options, image.get());
  if (!error.empty()) return Rejected(env, Napi::TypeError::New(env, error));

  const auto found = std::make_shared<std::vector<Detection>>();
  return Job::Run(
      env, "jetfleet-detect",
      [options, image, found] { return Detect(options, *image, found.get()); },
      [labels = options.labels, found](Napi::Env settle_env) {
        return ToJs(settle_env, *found, labels);
      });
}

}  // namespace jetfleet
