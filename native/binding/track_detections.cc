#include <optional>
#include <string>
#include <vector>

#include "binding/functions.h"
#include "binding/options.h"
#include "binding/to_js.h"
#include "core/track/tracker.h"

namespace jetfleet {
namespace {

constexpr double kMaxPixels = 1e6;
constexpr double kMinFps = 0.001;
constexpr double kMaxFps = 1000;
constexpr double kMaxKeepSeconds = 3600;

TrackerOptions ReadOptions(OptionReader* reader) {
  TrackerOptions options;
  options.high_score = static_cast<float>(reader->Number("highScore", 0, 1));
  options.low_score = static_cast<float>(reader->Number("lowScore", 0, 1));
  options.new_track_score = static_cast<float>(reader->Number("newTrackScore", 0, 1));
  options.fuse_score = reader->Flag("fuseScore");
  if (reader->Has("algorithm")) options.algorithm = ReadTrackAlgorithm(reader);
  if (reader->Has("keepSeconds"))
    options.keep_seconds = reader->Number("keepSeconds", 0, kMaxKeepSeconds);
  return options;
}

Detection ReadDetection(Napi::Value value, std::string* error) {
  OptionReader reader(value, "detection");
  const auto pixels = [&](const char* name) {
    return static_cast<float>(reader.Number(name, -kMaxPixels, kMaxPixels));
  };
  Detection detection;
  detection.score = static_cast<float>(reader.Number("score", 0, 1));
  detection.box = {pixels("left"), pixels("top"), pixels("width"), pixels("height")};
  if (error->empty()) *error = reader.error();
  return detection;
}

/// None of a frame that nobody has looked at.
using Frames = std::vector<std::optional<std::vector<Detection>>>;

/// Fills `error` at the first thing that is no array of arrays of detections.
Frames ReadFrames(Napi::Value value, std::string* error) {
  const auto each = [error](Napi::Value list, const char* what, const auto& take) {
    if (list.IsEmpty() || !list.IsArray()) {
      *error = std::string("Expected an array of ") + what;
      return;
    }
    const auto array = list.As<Napi::Array>();
    for (std::uint32_t i = 0; i < array.Length() && error->empty(); ++i) {
      const Napi::HandleScope scope(array.Env());
      const Napi::Value item = array.Get(i);
      if (array.Env().IsExceptionPending()) {
        *error = array.Env().GetAndClearPendingException().Message();
        return;
      }
      take(item);
    }
  };
  Frames frames;
  each(value, "frames", [&](Napi::Value frame) {
    if (frame.IsNull()) return frames.push_back(std::nullopt);
    std::vector<Detection>& detections = frames.emplace_back().emplace();
    each(frame, "detections",
         [&](Napi::Value one) { detections.push_back(ReadDetection(one, error)); });
  });
  return frames;
}

}  // namespace

Napi::Value TrackDetections(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  const TrackerOptions options = ReadOptions(&reader);
  const double fps = reader.Number("fps", kMinFps, kMaxFps);
  std::string error = reader.error();
  Frames frames;
  if (error.empty()) frames = ReadFrames(info[1], &error);
  if (!error.empty()) {
    Napi::TypeError::New(env, error).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Tracker tracker(options);
  const std::vector<std::string> labels = {"object"};
  auto results = Napi::Array::New(env, frames.size());
  for (std::uint32_t f = 0; f < frames.size(); ++f) {
    const Napi::HandleScope scope(env);
    const double seconds = f / fps;
    const auto tracks = frames[f] ? tracker.Update(seconds, *frames[f]) : tracker.Foresee(seconds);
    results.Set(f, ToJs(env, tracks, labels));
  }
  return results;
}

}  // namespace jetfleet
