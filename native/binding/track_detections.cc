#include <string>
#include <vector>

#include "binding/functions.h"
#include "binding/options.h"
#include "binding/to_js.h"
#include "core/track/byte_track.h"

namespace jetfleet {
namespace {

constexpr double kMaxPixels = 1e6;
constexpr double kMinFps = 0.001;
constexpr double kMaxFps = 1000;

ByteTrackOptions ReadOptions(OptionReader* reader) {
  ByteTrackOptions options;
  options.high_score = static_cast<float>(reader->Number("highScore", 0, 1));
  options.low_score = static_cast<float>(reader->Number("lowScore", 0, 1));
  options.new_track_score = static_cast<float>(reader->Number("newTrackScore", 0, 1));
  options.fuse_score = reader->Flag("fuseScore");
  return options;
}

Detection ReadDetection(Napi::Value value) {
  OptionReader reader(value, "detection");
  const auto pixels = [&](const char* name) {
    return static_cast<float>(reader.Number(name, -kMaxPixels, kMaxPixels));
  };
  Detection detection;
  detection.score = static_cast<float>(reader.Number("score", 0, 1));
  detection.box = {pixels("left"), pixels("top"), pixels("width"), pixels("height")};
  return detection;
}

}  // namespace

Napi::Value TrackDetections(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  const ByteTrackOptions options = ReadOptions(&reader);
  const double fps = reader.Number("fps", kMinFps, kMaxFps);
  if (!reader.error().empty() || !info[1].IsArray()) {
    Napi::TypeError::New(env, "Expected options and an array of frames")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  ByteTracker tracker(options);
  const std::vector<std::string> labels = {"object"};
  const auto frames = info[1].As<Napi::Array>();
  auto results = Napi::Array::New(env, frames.Length());
  for (std::uint32_t f = 0; f < frames.Length(); ++f) {
    const Napi::HandleScope scope(env);
    const Napi::Value frame = frames.Get(f);
    std::vector<Detection> detections;
    if (frame.IsArray()) {
      const auto array = frame.As<Napi::Array>();
      for (std::uint32_t i = 0; i < array.Length(); ++i) {
        detections.push_back(ReadDetection(array.Get(i)));
      }
    }
    results.Set(f, ToJs(env, tracker.Update(f / fps, detections), labels));
  }
  return results;
}

}  // namespace jetfleet
