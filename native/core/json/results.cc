#include "core/json/results.h"

#include <algorithm>
#include <cmath>

#include "core/json/analytics.h"
#include "core/json/attributes.h"
#include "core/json/number.h"
#include "core/json/percentiles.h"

namespace jetfleet {
namespace {

// Digits that mean nothing would double the size of results.
constexpr int kPixelDecimals = 2;
constexpr int kScoreDecimals = 4;
/// Of milliseconds: the contract's times are exact to the microsecond.
constexpr int kMsDecimals = 3;
constexpr int kRateDecimals = 3;
/// What a double counts exactly; a number beyond it did not come from a camera.
constexpr std::uint64_t kMaxInteger = (std::uint64_t{1} << 53U) - 1;

template <std::size_t kLength>
char* PutText(char* to, const char (&text)[kLength]) {
  return std::copy_n(text, kLength - 1, to);
}

void WriteTag(const FrameResult& frame, JsonText* json) {
  const std::optional<FrameTag>& tag = frame.tag;
  json->Key("sourceFrame");
  if (tag && tag->frame_number <= kMaxInteger) {
    json->Integer(tag->frame_number);
  } else {
    json->Null();
  }
  json->Key("capturedAtMs");
  const double captured_us = frame.captured_at_ms.value_or(-1) * 1000;
  if (tag && tag->captured_at_us <= kMaxInteger) {
    json->Thousandths(tag->captured_at_us);
  } else if (!tag && captured_us >= 0 && captured_us <= static_cast<double>(kMaxInteger)) {
    json->Thousandths(static_cast<std::uint64_t>(std::llround(captured_us)));
  } else {
    json->Null();
  }
}

void WriteStage(const StageReport& stage, JsonText* json) {
  json->BeginObject().Key("name").Text(stage.name);
  if (!stage.engine.empty()) json->Key("engine").Text(stage.engine);
  json->Key("frames").Integer(stage.figures.frames);
  WritePercentiles("waitMs", stage.figures.wait_ms, json);
  WritePercentiles("workMs", stage.figures.work_ms, json);
  json->Key("queue").BeginObject().Key("level").Integer(stage.queue.level);
  json->Key("max").Integer(stage.queue.max);
  json->Key("capacity").Integer(stage.queue.capacity).EndObject();
  json->Key("drops").Integer(stage.queue.drops);
  json->Key("dropsTotal").Integer(stage.queue.drops_total).EndObject();
}

void WriteDrops(const std::vector<DropCount>& drops, JsonText* json) {
  json->Key("drops").BeginArray();
  for (const DropCount& drop : drops) {
    if (drop.total == 0) continue;
    json->BeginObject().Key("place").Text(drop.place).Key("reason").Text(drop.reason);
    json->Key("total").Integer(drop.total).EndObject();
  }
  json->EndArray();
}

/// Only where there is something to tell apart.
void WriteLanes(const PipelineFigures& figures, JsonText* json) {
  if (figures.lanes.size() < 2) return;
  json->Key("lanes").BeginArray();
  for (std::size_t number = 0; number < figures.lanes.size(); ++number) {
    const LaneReport& lane = figures.lanes[number];
    json->BeginObject().Key("accelerator").Text(lane.accelerator);
    if (!lane.precision.empty()) json->Key("precision").Text(lane.precision);
    json->Key("framesTotal").Integer(lane.figures.frames);
    json->Key("speed").Fixed(lane.figures.speed, kRateDecimals);
    json->Key("overfullTotal").Integer(lane.figures.overfull);
    json->Key("sources").BeginArray();
    for (const SourceFigures& source : figures.sources) {
      if (source.lane == number) json->Text(source.name);
    }
    json->EndArray().EndObject();
  }
  json->EndArray();
}

void WriteOutput(const OutputFigures& output, JsonText* json) {
  WritePercentiles("latencyMs", output.latency_ms, json);
  json->Key("latencyFrom").Text(output.latency_from_capture ? "capture" : "arrival");
}

/// What is not known yet is left out.
void WriteSourceFacts(const SourceMeter::Facts& facts, JsonText* json) {
  if (!facts.decoder.empty()) json->Key("decoder").Text(facts.decoder);
  if (!facts.transport.empty()) json->Key("transport").Text(facts.transport);
  if (facts.clock_offset_ms) json->Key("clockOffsetMs").Fixed(*facts.clock_offset_ms, kMsDecimals);
}

/// Only where not every frame is looked at.
void WriteLooked(const SourceFigures& source, JsonText* json) {
  std::uint64_t skipped = 0;
  for (std::size_t skip = 1; skip < kSkips; ++skip) skipped += source.looked[skip];
  if (source.detect_interval == 1 && !source.watches_motion && skipped == 0) return;
  json->Key("detect").BeginObject();
  json->Key("interval").Integer(static_cast<std::uint64_t>(source.detect_interval));
  json->Key("detectedTotal").Integer(source.looked[static_cast<std::size_t>(Skip::kNo)]);
  json->Key("skipped").BeginArray();
  for (std::size_t skip = 1; skip < kSkips; ++skip) {
    if (source.looked[skip] == 0) continue;
    json->BeginObject().Key("reason").Text(SkipName(static_cast<Skip>(skip)));
    json->Key("total").Integer(source.looked[skip]).EndObject();
  }
  json->EndArray().EndObject();
}

void WriteSource(const SourceFigures& source, JsonText* json) {
  if (!source.name.empty()) json->Key("name").Text(source.name);
  json->Key("state").Text(SourceStateName(source.state));
  json->Key("reconnects").Integer(static_cast<std::uint64_t>(source.reconnects));
  WriteSourceFacts(source.facts, json);
  WriteLooked(source, json);
}

/// Only where there is something to tell apart.
void WriteSources(const PipelineReport& report, JsonText* json) {
  const PipelineFigures& figures = report.figures;
  if (figures.sources.size() < 2) return;
  json->Key("sources").BeginArray();
  for (std::size_t number = 0; number < figures.sources.size(); ++number) {
    const OutputFigures& output = report.outputs.at(number);
    json->BeginObject();
    WriteSource(figures.sources[number], json);
    json->Key("fps").Fixed(output.fps, kRateDecimals);
    json->Key("framesTotal").Integer(output.frames_total);
    WriteOutput(output, json);
    std::uint64_t dropped = 0;
    json->Key("stages").BeginArray();
    // The last one is that of all.
    for (std::size_t i = 0; i + 1 < figures.stages.size(); ++i) {
      const StageReport& stage = figures.stages[i];
      if (stage.source != number) continue;
      dropped += stage.queue.drops_total;
      WriteStage(stage, json);
    }
    json->EndArray().Key("droppedTotal").Integer(dropped).EndObject();
  }
  json->EndArray();
}

void WriteBatch(const PipelineFigures& figures, JsonText* json) {
  if (figures.sources.size() < 2 && figures.slots < 2) return;
  json->Key("batch").BeginObject().Key("most");
  json->Integer(static_cast<std::uint64_t>(figures.batch));
  if (!figures.unbatched.empty()) json->Key("why").Text(figures.unbatched);
  json->EndObject();
}

/// Of several, the first that does not play, for whoever looks at one only.
const SourceFigures& SourceToShow(const std::vector<SourceFigures>& sources) {
  const auto unwell = std::find_if(sources.begin(), sources.end(), [](const SourceFigures& each) {
    return each.state != SourceState::kPlaying && each.state != SourceState::kEnded;
  });
  if (unwell != sources.end()) return *unwell;
  const auto playing = std::find_if(sources.begin(), sources.end(), [](const SourceFigures& each) {
    return each.state == SourceState::kPlaying;
  });
  return playing == sources.end() ? sources.front() : *playing;
}

}  // namespace

void FrameWriter::Learn(const std::shared_ptr<const ModelTag>& model) {
  if (model == model_) return;
  model_ = model;
  beginnings_.clear();
  for (const std::string& label : model->labels) {
    JsonText json;
    json.BeginObject().Key("label").Text(label).Key("score");
    beginnings_.push_back(json.Take());
  }
}

/// What secondary models say of a track, as members of its object; those of it begin at `*next`.
std::string FrameWriter::MembersOf(const Track& track,
                                   const std::vector<TrackAttribute>& attributes,
                                   std::size_t* next) {
  if (*next == attributes.size() || attributes[*next].track_id != track.id) return {};
  JsonText json;
  *next = WriteAttributes(attributes, *next, &json);
  return ",\"attributes\":" + json.Take();
}

bool FrameWriter::WriteObject(const Detection& detection, int track_id, std::string_view members,
                              JsonText* json) const {
  const Box& box = detection.box;
  const auto label = static_cast<std::size_t>(detection.label);
  const bool writable = detection.label >= 0 && label < beginnings_.size() &&
                        JsonText::Holds(detection.score) && JsonText::Holds(box.left) &&
                        JsonText::Holds(box.top) && JsonText::Holds(box.width) &&
                        JsonText::Holds(box.height);
  if (!writable) return false;
  const std::string& beginning = beginnings_[label];
  constexpr std::size_t kNumbers = 6;
  constexpr std::size_t kKeys = 32;
  const std::size_t bytes = beginning.size() + kKeys + kNumbers * kLongestNumber + members.size();
  json->Value(bytes, [&](char* to) {
    to = std::copy(beginning.begin(), beginning.end(), to);
    to = PutFixed<kScoreDecimals>(to, std::clamp(detection.score, 0.0F, 1.0F));
    to = PutText(to, ",\"box\":[");
    to = PutFixed<kPixelDecimals>(to, box.left);
    *to++ = ',';
    to = PutFixed<kPixelDecimals>(to, box.top);
    *to++ = ',';
    to = PutFixed<kPixelDecimals>(to, box.width);
    *to++ = ',';
    to = PutFixed<kPixelDecimals>(to, box.height);
    *to++ = ']';
    if (track_id > 0) {
      to = PutText(to, ",\"trackId\":");
      to = PutWhole(to, static_cast<std::uint64_t>(track_id));
    }
    to = std::copy(members.begin(), members.end(), to);
    *to++ = '}';
    return to;
  });
  return true;
}

std::size_t FrameWriter::Write(const FrameResult& frame, JsonText* json) {
  Learn(frame.model);
  json->BeginObject();
  if (frame.source != nullptr && !frame.source->empty()) json->Key("source").Text(*frame.source);
  WriteTag(frame, json);
  json->Key("index").Integer(frame.id.index);
  json->Key("ptsMs").Fixed(frame.pts_ms, kMsDecimals);
  json->Key("width").Integer(static_cast<std::uint64_t>(frame.size.width));
  json->Key("height").Integer(static_cast<std::uint64_t>(frame.size.height));
  if (frame.skip != Skip::kNo) json->Key("skipped").Text(SkipName(frame.skip));
  std::size_t left_out = 0;
  json->Key("detections").BeginArray();
  for (const Detection& detection : frame.detections) {
    if (!WriteObject(detection, 0, {}, json)) ++left_out;
  }
  json->EndArray();
  if (frame.tracks) {
    json->Key("tracks").BeginArray();
    std::size_t attribute = 0;
    for (const Track& track : *frame.tracks) {
      const std::string members = MembersOf(track, frame.attributes, &attribute);
      if (track.id <= 0 || !WriteObject(track.detection, track.id, members, json)) ++left_out;
    }
    json->EndArray();
  }
  json->EndObject();
  return left_out;
}

void WriteStats(const PipelineReport& report, const std::string& pipeline,
                const std::vector<DropCount>& drops, JsonText* json) {
  json->BeginObject().Key("name").Text(pipeline);
  json->Key("fps").Fixed(report.fps, kRateDecimals);
  json->Key("framesTotal").Integer(report.frames_total);
  json->Key("droppedTotal").Integer(report.dropped_total);
  WriteOutput(report, json);
  json->Key("stages").BeginArray();
  const PipelineFigures& figures = report.figures;
  for (const StageReport& stage : figures.sums.empty() ? figures.stages : figures.sums) {
    WriteStage(stage, json);
  }
  json->EndArray();
  WriteDrops(drops, json);
  json->Key("tracksTotal").Integer(static_cast<std::uint64_t>(report.figures.tracks_total));
  json->Key("copiesPerFrame").Fixed(report.copies_per_frame, kRateDecimals);
  json->Key("copiedBytesPerFrame").Fixed(report.copied_bytes_per_frame, 0);
  WriteLanes(report.figures, json);
  if (!figures.secondaries.empty()) WriteSecondaries(figures.secondaries, &json->Key("secondary"));
  if (figures.analytics) WriteAnalytics(*figures.analytics, &json->Key("analytics"));
  json->Key("source").BeginObject();
  WriteSource(SourceToShow(figures.sources), json);
  json->EndObject();
  WriteSources(report, json);
  WriteBatch(report.figures, json);
  json->EndObject();
}

}  // namespace jetfleet
