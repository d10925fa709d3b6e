#include "binding/envelope.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/json/json_text.h"
#include "core/media/frame_source.h"

namespace jetfleet {
namespace {

/// Places in ENVELOPE_TYPES.
enum Type : std::uint8_t {
  kFrames = 0,
  kStats = 1,
  kSource = 2,
  kFailed = 3,
  kWarning = 4,
  kAnalytics = 7,
};

constexpr std::size_t kLongestId = std::numeric_limits<std::uint8_t>::max();
constexpr std::size_t kMostFrames = std::numeric_limits<std::uint16_t>::max();

std::string HeadOf(Type type, const std::string& id, std::size_t frames, std::size_t json_bytes) {
  const std::size_t id_bytes = std::min(id.size(), kLongestId);
  const std::size_t body = id_bytes + json_bytes;
  const std::size_t count = std::min(frames, kMostFrames);
  std::string head;
  for (int shift = 0; shift < 32; shift += 8) head += static_cast<char>(body >> shift & 0xFF);
  head += static_cast<char>(type);
  head += static_cast<char>(id_bytes);
  head += static_cast<char>(count & 0xFF);
  head += static_cast<char>(count >> 8);
  return head.append(id, 0, id_bytes);
}

void WriteError(const Status& error, JsonText* json) {
  json->Key("error");
  if (error.ok()) {
    json->Null();
    return;
  }
  json->BeginObject().Key("code").Text(CodeName(error.code)).Key("message").Text(error.message);
  json->EndObject();
}

/// As `NativeMessage` of api.ts.
std::string JsonOf(const char* type, const std::string& source, const char* state,
                   const Status& error) {
  JsonText json;
  json.BeginObject().Key("type").Text(type);
  if (!source.empty()) json.Key("source").Text(source);
  if (state != nullptr) json.Key("state").Text(state);
  WriteError(error, &json);
  json.EndObject();
  return json.Take();
}

/// Makes the envelope of each kind.
struct Fill {
  std::string* text;

  Envelope operator()(FramesMessage& message) const {
    return {HeadOf(kFrames, message.model->id, message.frames, message.json.size()), &message.json};
  }
  Envelope operator()(StatsMessage& message) const {
    return {HeadOf(kStats, "", 0, message.json.size()), &message.json};
  }
  Envelope operator()(AnalyticsMessage& message) const {
    return {HeadOf(kAnalytics, "", message.events, message.json.size()), &message.json};
  }
  Envelope operator()(const SourceMessage& message) const {
    return OfText(kSource,
                  JsonOf("source", message.source, SourceStateName(message.state), message.error));
  }
  Envelope operator()(const WarningMessage& message) const {
    return OfText(kWarning, JsonOf("warning", message.source, nullptr, message.error));
  }
  Envelope operator()(const FailedMessage& message) const {
    return OfText(kFailed, JsonOf("failed", "", nullptr, message.error));
  }

 private:
  Envelope OfText(Type type, std::string json) const {
    *text = std::move(json);
    return {HeadOf(type, "", 0, text->size()), text};
  }
};

}  // namespace

Envelope EnvelopeOf(Message* message, std::string* text) {
  return std::visit(Fill{text}, *message);
}

}  // namespace jetfleet
