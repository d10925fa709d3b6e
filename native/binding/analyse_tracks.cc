#include <memory>
#include <string>
#include <vector>

#include "binding/functions.h"
#include "binding/options.h"
#include "binding/read_analytics.h"
#include "core/analytics/source_analytics.h"
#include "core/json/analytics.h"

namespace jetfleet {
namespace {

constexpr double kMaxPixels = 1e6;
constexpr double kMaxSide = 65536;
constexpr double kMaxMs = 1e12;
constexpr double kMaxTrack = 1e9;
constexpr double kMaxKeepSeconds = 3600;

Track ReadTrack(OptionReader* reader) {
  const auto pixels = [&](const char* name) {
    return static_cast<float>(reader->Number(name, -kMaxPixels, kMaxPixels));
  };
  Track track;
  track.id = static_cast<int>(reader->Number("trackId", 1, kMaxTrack));
  track.detection.score = static_cast<float>(reader->Number("score", 0, 1));
  track.detection.box = {pixels("left"), pixels("top"), pixels("width"), pixels("height")};
  return track;
}

}  // namespace

Napi::Value AnalyseTracks(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "options");
  const std::vector<std::string> labels = {"object"};
  OptionReader places = reader.Child("analytics");
  const AnalyticsOptions options = ReadAnalytics(&places, labels, {});
  reader.Adopt(places);
  const Size picture{static_cast<int>(reader.Number("width", 1, kMaxSide)),
                     static_cast<int>(reader.Number("height", 1, kMaxSide))};
  const double keep_seconds = reader.Number("keepSeconds", 0, kMaxKeepSeconds);

  SourceAnalytics analytics(options, std::make_shared<const std::string>());
  JsonText json;
  json.BeginObject().Key("events").BeginArray();
  for (OptionReader& frame : reader.Children("frames")) {
    const Napi::HandleScope scope(env);
    const double pts_ms = frame.Number("ptsMs", 0, kMaxMs);
    std::vector<Track> tracks;
    for (OptionReader& track : frame.Children("tracks")) {
      tracks.push_back(ReadTrack(&track));
      frame.Adopt(track);
    }
    reader.Adopt(frame);
    if (!reader.error().empty()) break;
    for (const AnalyticsEvent& event :
         analytics.Update({{pts_ms / 1000, {}}, picture, tracks, labels, keep_seconds})) {
      WriteEvent(event, &json);
    }
  }
  if (!reader.error().empty()) {
    Napi::TypeError::New(env, reader.error()).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  for (const AnalyticsEvent& event : analytics.End(VisitEnd::kSourceEnded)) {
    WriteEvent(event, &json);
  }
  WriteAnalytics(analytics.figures(), &json.EndArray().Key("figures"));
  return Napi::String::New(env, json.EndObject().Take());
}

}  // namespace jetfleet
