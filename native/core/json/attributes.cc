#include "core/json/attributes.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/json/percentiles.h"

namespace jetfleet {
namespace {

constexpr int kScoreDecimals = 4;
constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Bytes of which four digits are made.
constexpr std::size_t kGroup = 3;

std::vector<std::uint8_t> LittleEndian(const std::vector<float>& vector) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(vector.size() * sizeof(float));
  for (const float value : vector) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
    }
  }
  return bytes;
}

void WriteSecondary(const SecondaryReport& secondary, JsonText* json) {
  const Secondary::Figures& figures = secondary.figures;
  json->BeginObject().Key("name").Text(secondary.name);
  json->Key("model").Text(secondary.model);
  json->Key("looked").Integer(figures.interval.frames);
  json->Key("lookedTotal").Integer(figures.looked);
  json->Key("droppedTotal").Integer(figures.queue.drops_total);
  json->Key("runsTotal").Integer(figures.runs);
  WritePercentiles("waitMs", figures.interval.wait_ms, json);
  WritePercentiles("workMs", figures.interval.work_ms, json);
  json->Key("queue").BeginObject().Key("level").Integer(figures.queue.level);
  json->Key("max").Integer(figures.queue.max);
  json->Key("capacity").Integer(figures.queue.capacity).EndObject();
  json->Key("batch").BeginObject().Key("most").Integer(secondary.most);
  if (!secondary.unbatched.empty()) json->Key("why").Text(secondary.unbatched);
  json->EndObject().EndObject();
}

}  // namespace

std::string VectorText(const std::vector<float>& vector) {
  const std::vector<std::uint8_t> bytes = LittleEndian(vector);
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += kGroup) {
    const std::size_t count = std::min(kGroup, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < kGroup; ++i) {
      group = group << 8U | (i < count ? bytes[at + i] : 0U);
    }
    for (std::size_t i = 0; i <= kGroup; ++i) {
      text += i <= count ? kDigits[group >> (18U - 6U * i) & 0x3FU] : '=';
    }
  }
  return text;
}

std::size_t WriteAttributes(const std::vector<TrackAttribute>& attributes, std::size_t at,
                            JsonText* json) {
  const int track = attributes[at].track_id;
  json->BeginObject();
  for (; at < attributes.size() && attributes[at].track_id == track; ++at) {
    const Answer& answer = *attributes[at].answer;
    // Names are those of fleet/spec: nothing in them needs an escape.
    json->Key(*attributes[at].name).BeginObject();
    if (answer.vector.empty()) {
      json->Key("label").Text(answer.label);
      json->Key("score").Fixed(std::clamp(answer.score, 0.0F, 1.0F), kScoreDecimals);
    } else {
      json->Key("vector").Text(VectorText(answer.vector));
    }
    json->EndObject();
  }
  json->EndObject();
  return at;
}

void WriteSecondaries(const std::vector<SecondaryReport>& secondaries, JsonText* json) {
  json->BeginArray();
  for (const SecondaryReport& secondary : secondaries) WriteSecondary(secondary, json);
  json->EndArray();
}

}  // namespace jetfleet
