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

Napi::Object ToJs(Napi::Env env, const FrameResult& frame, const std::vector<std::string>& labels) {
  std::optional<std::uint64_t> number;
  std::optional<double> captured_ms;
  if (frame.tag) {
    number = frame.tag->frame_number;
    captured_ms = static_cast<double>(frame.tag->captured_at_us) / 1000;
  }
  auto object = Napi::Object::New(env);
  object.Set("sourceFrame", NumberOrNull(env, number));
  object.Set("index", static_cast<double>(frame.index));
  object.Set("ptsMs", frame.pts_ms);
  object.Set("capturedAtMs", NumberOrNull(env, captured_ms));
  object.Set("width", frame.size.width);
  object.Set("height", frame.size.height);
  object.Set("detections", jetfleet::ToJs(env, frame.detections, labels));
  if (frame.tracks) object.Set("tracks", jetfleet::ToJs(env, *frame.tracks, labels));
  return object;
}

Napi::Value ToJs(Napi::Env env, const std::optional<Percentiles>& percentiles) {
  if (!percentiles) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("p50", percentiles->p50);
  object.Set("p95", percentiles->p95);
  object.Set("p99", percentiles->p99);
  object.Set("max", percentiles->max);
  return object;
}

Napi::Object ToJs(Napi::Env env, const StageReport& stage) {
  auto queue = Napi::Object::New(env);
  queue.Set("level", static_cast<double>(stage.queue.level));
  queue.Set("max", static_cast<double>(stage.queue.max));
  queue.Set("capacity", static_cast<double>(stage.queue.capacity));
  auto object = Napi::Object::New(env);
  object.Set("name", StageName(stage.id));
  object.Set("frames", static_cast<double>(stage.figures.frames));
  object.Set("waitMs", ToJs(env, stage.figures.wait_ms));
  object.Set("workMs", ToJs(env, stage.figures.work_ms));
  object.Set("queue", queue);
  object.Set("drops", static_cast<double>(stage.queue.drops));
  object.Set("dropsTotal", static_cast<double>(stage.queue.drops_total));
  return object;
}

Napi::Object ToJs(Napi::Env env, const PipelineReport& report, const std::string& pipeline) {
  auto stages = Napi::Array::New(env);
  for (const StageReport& stage : report.figures.stages) {
    stages.Set(stages.Length(), ToJs(env, stage));
  }
  auto source = Napi::Object::New(env);
  source.Set("state", SourceStateName(report.figures.source_state));
  source.Set("reconnects", report.figures.reconnects);
  auto object = Napi::Object::New(env);
  object.Set("name", pipeline);
  object.Set("fps", report.fps);
  object.Set("framesTotal", static_cast<double>(report.frames_total));
  object.Set("droppedTotal", static_cast<double>(report.dropped_total));
  object.Set("latencyMs", ToJs(env, report.latency_ms));
  object.Set("latencyFrom", report.latency_from_capture ? "capture" : "arrival");
  object.Set("stages", stages);
  object.Set("tracksTotal", report.figures.tracks_total);
  object.Set("copiesPerFrame", report.copies_per_frame);
  object.Set("copiedBytesPerFrame", report.copied_bytes_per_frame);
  object.Set("source", source);
  return object;
}

Napi::Value ErrorFields(Napi::Env env, const Status& status) {
  if (status.ok()) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("code", CodeName(status.code));
  object.Set("message", status.message);
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

/// Fills a message object by kind.
struct Fill {
  Napi::Env env;
  Napi::Object object;
  const std::string& pipeline;

  void operator()(const FramesMessage& message) {
    const ModelTag& model = *message.frames.front().model;
    auto frames = Napi::Array::New(env, message.frames.size());
    for (std::size_t i = 0; i < message.frames.size(); ++i) {
      frames.Set(static_cast<std::uint32_t>(i), ToJs(env, message.frames[i], model.labels));
    }
    object.Set("type", "frames");
    object.Set("modelId", model.id);
    object.Set("frames", frames);
  }
  void operator()(const StatsMessage& message) {
    object.Set("type", "stats");
    object.Set("stats", ToJs(env, message.report, pipeline));
    object.Set("messagesDropped", static_cast<double>(message.messages_dropped));
  }
  void operator()(const SourceMessage& message) {
    object.Set("type", "source");
    object.Set("state", SourceStateName(message.state));
    object.Set("error", ErrorFields(env, message.error));
  }
  void operator()(const FailedMessage& message) {
    object.Set("type", "failed");
    object.Set("error", ErrorFields(env, message.error));
  }
};

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

Napi::Object ToJs(Napi::Env env, const Message& message, const std::string& pipeline) {
  auto object = Napi::Object::New(env);
  std::visit(Fill{env, object, pipeline}, message);
  return object;
}

Napi::Object ToJs(Napi::Env env, const Model::LoadTimes& times) {
  auto object = Napi::Object::New(env);
  object.Set("loadMs", times.load_ms);
  object.Set("warmMs", times.warm_ms);
  return object;
}

Napi::Object ToJs(Napi::Env env, const Model::LoadTimes& times,
                  const std::optional<ModelChange>& change) {
  auto object = ToJs(env, times);
  const auto mark = [&](const char* index, const char* number, const FrameMark* frame) {
    object.Set(index, frame ? Napi::Number::New(env, static_cast<double>(frame->index))
                            : Napi::Value(env.Null()));
    object.Set(number, frame ? NumberOrNull(env, frame->source_frame) : env.Null());
  };
  mark("firstIndex", "firstSourceFrame", change ? &change->first : nullptr);
  mark("lastIndex", "lastSourceFrame", change ? &change->last : nullptr);
  object.Set("gapMs", change ? Napi::Number::New(env, change->gap_ms) : Napi::Value(env.Null()));
  return object;
}

}  // namespace jetfleet
