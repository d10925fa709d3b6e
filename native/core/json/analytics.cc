#include "core/json/analytics.h"

#include <algorithm>
#include <cmath>

namespace jetfleet {
namespace {

constexpr int kPixelDecimals = 2;
constexpr int kScoreDecimals = 4;
constexpr int kMsDecimals = 3;
/// What a double counts exactly.
constexpr double kMaxInteger = 9'007'199'254'740'991;

const char* KindName(AnalyticsEvent::Kind kind) {
  switch (kind) {
    case AnalyticsEvent::Kind::kLineCrossed:
      return "line-crossed";
    case AnalyticsEvent::Kind::kZoneEntered:
      return "zone-entered";
    case AnalyticsEvent::Kind::kZoneStayed:
      return "zone-stayed";
    case AnalyticsEvent::Kind::kZoneLeft:
      break;
  }
  return "zone-left";
}

void WriteSight(const Moment& at, const Box& box, JsonText* json) {
  json->Key("ptsMs").Fixed(at.seconds * 1000, kMsDecimals);
  json->Key("capturedAtMs");
  const double captured_us = at.captured_at_ms.value_or(-1) * 1000;
  if (captured_us >= 0 && captured_us <= kMaxInteger) {
    json->Thousandths(static_cast<std::uint64_t>(std::llround(captured_us)));
  } else {
    json->Null();
  }
  json->Key("box").BeginArray().Fixed(box.left, kPixelDecimals).Fixed(box.top, kPixelDecimals);
  json->Fixed(box.width, kPixelDecimals).Fixed(box.height, kPixelDecimals).EndArray();
}

}  // namespace

void WriteEvent(const AnalyticsEvent& event, JsonText* json) {
  json->BeginObject().Key("kind").Text(KindName(event.kind)).Key("id").Integer(event.id);
  if (event.source != nullptr && !event.source->empty()) json->Key("source").Text(*event.source);
  json->Key("place").Text(event.place);
  if (event.kind == AnalyticsEvent::Kind::kLineCrossed) {
    json->Key("direction").Text(event.direction > 0 ? "in" : "out");
  } else {
    json->Key("dwellMs").Fixed(event.dwell_seconds * 1000, kMsDecimals);
  }
  if (event.kind == AnalyticsEvent::Kind::kZoneLeft) json->Key("end").Text(VisitEndName(event.end));
  json->Key("trackId").Integer(static_cast<std::uint64_t>(std::max(event.track, 0)));
  json->Key("label").Text(event.label);
  WriteSight(event.at, event.box, json);
  json->Key("width").Integer(static_cast<std::uint64_t>(event.picture.width));
  json->Key("height").Integer(static_cast<std::uint64_t>(event.picture.height));
  json->Key("best").BeginObject().Key("score");
  json->Fixed(std::clamp(event.best_score, 0.0F, 1.0F), kScoreDecimals);
  WriteSight(event.best_at, event.best_box, json);
  json->EndObject().EndObject();
}

void WriteAnalytics(const AnalyticsFigures& figures, JsonText* json) {
  json->BeginObject().Key("lines").BeginArray();
  for (const LineFigures& line : figures.lines) {
    json->BeginObject().Key("name").Text(line.name);
    json->Key("in").Integer(line.in).Key("out").Integer(line.out).EndObject();
  }
  json->EndArray().Key("zones").BeginArray();
  for (const ZoneFigures& zone : figures.zones) {
    json->BeginObject().Key("name").Text(zone.name).Key("occupancy").Integer(zone.occupancy);
    json->Key("entered").Integer(zone.entered).Key("left").Integer(zone.left).Key("meanDwellMs");
    if (zone.left > 0) {
      json->Fixed(zone.dwell_seconds * 1000 / static_cast<double>(zone.left), kMsDecimals);
    } else {
      json->Null();
    }
    json->EndObject();
  }
  json->EndArray().EndObject();
}

}  // namespace jetfleet
