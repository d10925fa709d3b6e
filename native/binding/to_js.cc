#include "binding/to_js.h"

#include <cmath>

namespace jetfleet {
namespace {

template <typename T>
Napi::Value NumberOrNull(Napi::Env env, const std::optional<T>& value) {
  if (!value) return env.Null();
  return Napi::Number::New(env, static_cast<double>(*value));
}

/// Results travel as JSON: digits that mean nothing would double their size.
double Rounded(float value, double steps) { return std::round(value * steps) / steps; }
constexpr double kPixelSteps = 100;
constexpr double kScoreSteps = 10'000;

Napi::Array ToJs(Napi::Env env, const Box& box) {
  auto array = Napi::Array::New(env, 4);
  array.Set(0U, Rounded(box.left, kPixelSteps));
  array.Set(1U, Rounded(box.top, kPixelSteps));
  array.Set(2U, Rounded(box.width, kPixelSteps));
  array.Set(3U, Rounded(box.height, kPixelSteps));
  return array;
}

Napi::Object ToJs(Napi::Env env, const Detection& detection,
                  const std::vector<std::string>& labels) {
  auto object = Napi::Object::New(env);
  object.Set("label", labels.at(static_cast<std::size_t>(detection.label)));
  object.Set("score", Rounded(detection.score, kScoreSteps));
  object.Set("box", ToJs(env, detection.box));
  return object;
}

Napi::Array ToJs(Napi::Env env, const std::vector<TensorInfo>& tensors) {
  auto array = Napi::Array::New(env);
  for (const TensorInfo& tensor : tensors) {
    auto shape = Napi::Array::New(env);
    for (std::int64_t length : tensor.shape) {
      shape.Set(shape.Length(), static_cast<double>(length));
    }
    auto object = Napi::Object::New(env);
    object.Set("name", tensor.name);
    object.Set("shape", shape);
    object.Set("type", tensor.type);
    array.Set(array.Length(), object);
  }
  return array;
}

}  // namespace

Napi::Error ToJsError(Napi::Env env, const Status& status) {
  Napi::Error error = Napi::Error::New(env, status.message);
  error.Set("code", Napi::String::New(env, CodeName(status.code)));
  return error;
}

Napi::Object ToJs(Napi::Env env, const ModelInfo& info) {
  auto object = Napi::Object::New(env);
  object.Set("inputs", ToJs(env, info.inputs));
  object.Set("outputs", ToJs(env, info.outputs));
  return object;
}

Napi::Array ToJs(Napi::Env env, const std::vector<Detection>& detections,
                 const std::vector<std::string>& labels) {
  auto array = Napi::Array::New(env, detections.size());
  for (std::size_t i = 0; i < detections.size(); ++i) {
    array.Set(static_cast<std::uint32_t>(i), ToJs(env, detections[i], labels));
  }
  return array;
}

Napi::Array ToJs(Napi::Env env, const std::vector<Track>& tracks,
                 const std::vector<std::string>& labels) {
  auto array = Napi::Array::New(env, tracks.size());
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    auto object = ToJs(env, tracks[i].detection, labels);
    object.Set("trackId", tracks[i].id);
    array.Set(static_cast<std::uint32_t>(i), object);
  }
  return array;
}

Napi::Object ToJs(Napi::Env env, const ModelProgram::LoadTimes& times) {
  auto object = Napi::Object::New(env);
  object.Set("loadMs", times.load_ms);
  object.Set("warmMs", times.warm_ms);
  return object;
}

Napi::Object ToJs(Napi::Env env, const ModelProgram::LoadTimes& times,
                  const std::optional<ModelChange>& change) {
  auto object = ToJs(env, times);
  const auto mark = [&](const char* index, const char* number, const FrameMark* frame) {
    const bool known = frame != nullptr;
    object.Set(index, NumberOrNull(env, known ? std::optional(frame->id.index) : std::nullopt));
    object.Set(number, known ? NumberOrNull(env, frame->source_frame) : env.Null());
  };
  mark("firstIndex", "firstSourceFrame", change ? &change->first : nullptr);
  mark("lastIndex", "lastSourceFrame", change ? &change->last : nullptr);
  object.Set("gapMs", NumberOrNull(env, change ? std::optional(change->gap_ms) : std::nullopt));
  return object;
}

}  // namespace jetfleet
