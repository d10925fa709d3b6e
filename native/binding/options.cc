#include "binding/options.h"

#include <array>
#include <initializer_list>
#include <optional>
#include <set>
#include <utility>

#include "binding/read_analytics.h"
#include "binding/read_secondary.h"

namespace jetfleet {
namespace {

constexpr double kMaxThreads = 64;
constexpr double kMaxSide = 8192;
constexpr double kMaxFactor = 1e4;
constexpr double kMaxSample = 255;
constexpr double kMinRegion = 0.01;
constexpr std::size_t kMostRegions = 8;
constexpr double kMaxMs = 24.0 * 3600 * 1000;

std::chrono::milliseconds Ms(double value) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(value));
}

}  // namespace

OptionReader::OptionReader(Napi::Value value, std::string path) : path_(std::move(path)) {
  if (!value.IsEmpty() && value.IsObject()) {
    object_ = value.As<Napi::Object>();
  } else {
    error_ = "Expected an object for " + path_;
  }
}

void OptionReader::Expect(const char* what, const char* name) {
  if (error_.empty()) error_ = std::string("Expected ") + what + " for " + path_ + "." + name;
}

Napi::Value OptionReader::Get(const char* name) {
  if (object_.IsEmpty()) return {};
  return Checked(object_.Get(name), name);
}

/// A getter may throw. Its exception must not be left pending, for no call of Node-API works then.
Napi::Value OptionReader::Checked(Napi::Value value, const char* name) {
  const Napi::Env env = object_.Env();
  if (!env.IsExceptionPending()) return value;
  const std::string why = env.GetAndClearPendingException().Message();
  Expect(("a value but got \"" + why + "\"").c_str(), name);
  return {};
}

bool OptionReader::Has(const char* name) {
  const Napi::Value value = Get(name);
  return !value.IsEmpty() && !value.IsUndefined() && !value.IsNull();
}

bool OptionReader::HasObject(const char* name) { return Has(name) && Get(name).IsObject(); }

std::string OptionReader::Text(const char* name) {
  const Napi::Value value = Get(name);
  if (!value.IsEmpty() && value.IsString()) return value.As<Napi::String>();
  Expect("a string", name);
  return "";
}

double OptionReader::Number(const char* name, double min, double max) {
  const Napi::Value value = Get(name);
  if (!value.IsEmpty() && value.IsNumber()) {
    const double number = value.As<Napi::Number>();
    if (number >= min && number <= max) return number;  // NaN is in no range
  }
  Expect(("a number from " + std::to_string(min) + " to " + std::to_string(max)).c_str(), name);
  return min;
}

bool OptionReader::Flag(const char* name) {
  const Napi::Value value = Get(name);
  if (!value.IsEmpty() && value.IsBoolean()) return value.As<Napi::Boolean>();
  Expect("a boolean", name);
  return false;
}

std::vector<std::string> OptionReader::Texts(const char* name, std::size_t least) {
  std::vector<std::string> texts;
  const Napi::Value value = Get(name);
  if (value.IsEmpty() || !value.IsArray()) {
    Expect("an array of strings", name);
    return texts;
  }
  const auto array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value item = Checked(array.Get(i), name);
    if (item.IsEmpty() || !item.IsString()) {
      Expect("an array of strings", name);
      return texts;
    }
    texts.push_back(item.As<Napi::String>());
  }
  if (texts.size() < least) Expect("at least one string", name);
  return texts;
}

std::vector<double> OptionReader::Numbers(const char* name, double max) {
  std::vector<double> numbers;
  const Napi::Value value = Get(name);
  if (!value.IsEmpty() && value.IsArray()) {
    const auto array = value.As<Napi::Array>();
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      const Napi::Value item = Checked(array.Get(i), name);
      if (item.IsEmpty() || !item.IsNumber()) break;
      const double number = item.As<Napi::Number>();
      if (number >= 0 && number <= max) numbers.push_back(number);
    }
    if (numbers.size() == array.Length()) return numbers;
  }
  Expect("an array of numbers from 0", name);
  return {};
}

std::vector<std::uint8_t> OptionReader::Bytes(const char* name) {
  const Napi::Value value = Get(name);
  if (!value.IsEmpty() && value.IsTypedArray() &&
      value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    const auto bytes = value.As<Napi::Uint8Array>();
    return {bytes.Data(), bytes.Data() + bytes.ByteLength()};
  }
  Expect("a Uint8Array", name);
  return {};
}

OptionReader OptionReader::Child(const char* name) {
  return OptionReader(object_.IsEmpty() ? Napi::Value() : Get(name), path_ + "." + name);
}

std::vector<OptionReader> OptionReader::Children(const char* name) {
  std::vector<OptionReader> children;
  if (!Has(name)) return children;
  const Napi::Value value = Get(name);
  if (value.IsEmpty() || !value.IsArray()) {
    Expect("an array of objects", name);
    return children;
  }
  const auto array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    children.emplace_back(Checked(array.Get(i), name),
                          path_ + "." + name + "[" + std::to_string(i) + "]");
  }
  return children;
}

void OptionReader::Adopt(const OptionReader& child) {
  if (error_.empty()) error_ = child.error_;
}

DetectorOptions ReadModelPaths(OptionReader* reader) {
  DetectorOptions detector;
  detector.model_path = reader->Text("path");
  if (reader->Has("digest")) detector.model_digest = reader->Text("digest");
  detector.backend_path = reader->Text("backendPath");
  detector.runtime_path = reader->Text("runtimePath");
  return detector;
}

std::vector<LaneOptions> ReadLanes(OptionReader* reader) {
  std::vector<LaneOptions> lanes;
  for (OptionReader& one : reader->Children("lanes")) {
    LaneOptions& lane = lanes.emplace_back();
    lane.accelerator = one.Text("accelerator");
    if (one.Has("path")) lane.path = one.Text("path");
    if (one.Has("digest")) lane.digest = one.Text("digest");
    if (one.Has("precision")) lane.precision = one.Text("precision");
    reader->Adopt(one);
  }
  return lanes;
}

/// One of a few words; false, and nothing read, when the option is not given.
template <typename T>
bool ReadWord(OptionReader* reader, const char* name,
              std::initializer_list<std::pair<const char*, T>> words, T* value) {
  if (!reader->Has(name)) return false;
  const std::string given = reader->Text(name);
  std::string known;
  for (const auto& [word, meaning] : words) {
    if (given == word) {
      *value = meaning;
      return true;
    }
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  reader->Expect(("one of " + known).c_str(), name);
  return false;
}

std::optional<std::array<float, 3>> ReadThree(OptionReader* reader, const char* name) {
  if (!reader->Has(name)) return std::nullopt;
  const std::vector<double> numbers = reader->Numbers(name, kMaxFactor);
  if (numbers.size() != 3) {
    reader->Expect("three numbers", name);
    return std::nullopt;
  }
  return std::array<float, 3>{static_cast<float>(numbers[0]), static_cast<float>(numbers[1]),
                              static_cast<float>(numbers[2])};
}

void ReadInput(OptionReader* reader, DecoderOptions* decoder) {
  if (reader->Has("width")) {
    decoder->input.width = static_cast<int>(reader->Number("width", 1, kMaxSide));
  }
  if (reader->Has("height")) {
    decoder->input.height = static_cast<int>(reader->Number("height", 1, kMaxSide));
  }
  PreprocessOptions& given = decoder->preprocess;
  enum class Fit { kTopLeft, kCentred, kStretched };
  Fit fit{};
  if (ReadWord<Fit>(reader, "fit",
                    {{"letterbox", Fit::kTopLeft},
                     {"letterbox-centred", Fit::kCentred},
                     {"stretch", Fit::kStretched}},
                    &fit)) {
    const bool stretched = fit == Fit::kStretched;
    given.fit = stretched ? PreprocessSpec::Fit::kStretch : PreprocessSpec::Fit::kLetterbox;
    given.anchor =
        fit == Fit::kCentred ? PreprocessSpec::Anchor::kCentre : PreprocessSpec::Anchor::kTopLeft;
  }
  PreprocessSpec::Channels channels{};
  if (ReadWord<PreprocessSpec::Channels>(
          reader, "channels",
          {{"rgb", PreprocessSpec::Channels::kRgb}, {"bgr", PreprocessSpec::Channels::kBgr}},
          &channels)) {
    given.channels = channels;
  }
  given.mean = ReadThree(reader, "mean");
  given.scale = ReadThree(reader, "scale");
  if (reader->Has("pad")) given.pad = static_cast<float>(reader->Number("pad", 0, kMaxSample));
}

ModelOptions ReadModelOptions(OptionReader* reader) {
  ModelOptions model;
  model.detector = ReadModelPaths(reader);
  model.id = reader->Has("id") ? reader->Text("id") : model.detector.model_path;
  DecoderOptions& decoder = model.detector.decoder;
  if (reader->Has("decoder")) decoder.name = reader->Text("decoder");
  if (reader->Has("anchors")) {
    for (const double side : reader->Numbers("anchors", kMaxSide)) {
      decoder.anchors.push_back(static_cast<float>(side));
    }
  }
  if (reader->Has("library")) {
    OptionReader library = reader->Child("library");
    decoder.library = library.Text("path");
    if (library.Has("digest")) decoder.library_digest = library.Text("digest");
    reader->Adopt(library);
  }
  if (reader->Has("input")) {
    OptionReader input = reader->Child("input");
    ReadInput(&input, &decoder);
    reader->Adopt(input);
  }
  if (reader->Has("preprocess")) model.detector.preprocess = reader->Text("preprocess");
  model.detector.lanes = ReadLanes(reader);
  decoder.nms_iou = static_cast<float>(reader->Number("nmsIou", 0, 1));
  model.detector.threads = static_cast<int>(reader->Number("threads", 1, kMaxThreads));
  model.labels = reader->Texts("labels");
  decoder.labels = model.labels.size();
  model.min_score = static_cast<float>(reader->Number("minScore", 0, 1));
  return model;
}

TrackAlgorithm ReadTrackAlgorithm(OptionReader* reader) {
  const std::optional<TrackAlgorithm> algorithm = TrackAlgorithmOf(reader->Text("algorithm"));
  if (!algorithm) reader->Expect("bytetrack, sort, oc-sort or iou", "algorithm");
  return algorithm.value_or(TrackAlgorithm::kByteTrack);
}

std::vector<Region> ReadRegions(OptionReader* source) {
  std::vector<Region> regions;
  for (OptionReader& one : source->Children("regions")) {
    regions.push_back({one.Number("left", 0, 1), one.Number("top", 0, 1),
                       one.Number("width", kMinRegion, 1), one.Number("height", kMinRegion, 1)});
    source->Adopt(one);
  }
  if (regions.size() > kMostRegions) source->Expect("at most 8", "regions");
  return regions;
}

PipelineSource ReadSource(OptionReader* source) {
  PipelineSource named;
  if (source->Has("name")) named.name = source->Text("name");
  SourceOptions& from = named.options;
  from.uri = source->Text("uri");
  ReadWord<TransportChoice>(source, "transport",
                            {{"auto", TransportChoice::kAuto},
                             {"tcp", TransportChoice::kTcp},
                             {"udp", TransportChoice::kUdp}},
                            &from.transport);
  from.loop = source->Flag("loop");
  from.realtime = source->Has("realtime") ? source->Flag("realtime") : from.loop;
  from.timeout = Ms(source->Number("timeoutMs", 1, kMaxMs));
  if (source->Has("stallTimeoutMs"))
    from.stall_timeout = Ms(source->Number("stallTimeoutMs", 1, kMaxMs));
  if (source->HasObject("tls")) {
    OptionReader tls = source->Child("tls");
    if (tls.Has("caFile")) from.tls.ca_file = tls.Text("caFile");
    if (tls.Has("fingerprint")) from.tls.fingerprint = tls.Text("fingerprint");
    source->Adopt(tls);
  }
  named.regions = ReadRegions(source);
  return named;
}

PipelineSource ReadAddedSource(OptionReader* source) {
  PipelineSource added = ReadSource(source);
  if (added.name.empty()) source->Expect("a name", "name");
  return added;
}

/// Of several, each has a name of its own.
std::vector<PipelineSource> ReadSources(OptionReader* reader) {
  std::vector<PipelineSource> sources;
  std::set<std::string> names;
  for (OptionReader& one : reader->Children("sources")) {
    sources.push_back(ReadSource(&one));
    reader->Adopt(one);
    names.insert(sources.back().name);
  }
  if (sources.empty() || sources.size() > kMaxSources) {
    reader->Expect("from 1 to 16 sources", "sources");
  } else if (names.size() < sources.size() || (sources.size() > 1 && names.count("") > 0)) {
    reader->Expect("a name of its own for each of several sources", "sources");
  }
  return sources;
}

StartOptions ReadStartOptions(OptionReader* reader) {
  StartOptions options;
  options.name = reader->Text("name");
  options.pipeline.sources = ReadSources(reader);

  OptionReader model = reader->Child("model");
  options.model = ReadModelOptions(&model);
  reader->Adopt(model);

  options.pipeline.track = std::nullopt;
  if (reader->HasObject("track")) {
    OptionReader track = reader->Child("track");
    options.pipeline.track = ReadTrackAlgorithm(&track);
    reader->Adopt(track);
  }
  if (reader->Has("detectInterval")) {
    const bool tracks = options.pipeline.track.has_value();
    options.pipeline.detect_interval =
        static_cast<int>(reader->Number("detectInterval", 1, tracks ? kMaxInterval : 1));
  }
  if (reader->HasObject("analytics")) {
    if (!options.pipeline.track) reader->Expect("a tracker, which analytics needs,", "track");
    std::vector<std::string> sources;
    for (const PipelineSource& source : options.pipeline.sources) sources.push_back(source.name);
    OptionReader analytics = reader->Child("analytics");
    options.pipeline.analytics = ReadAnalytics(&analytics, options.model.labels, sources);
    reader->Adopt(analytics);
  }
  options.secondaries = ReadSecondaries(reader, options.model.labels);
  if (!options.secondaries.empty() && !options.pipeline.track) {
    reader->Expect("a tracker, which secondary models need,", "track");
  }
  if (reader->HasObject("motion")) {
    OptionReader motion = reader->Child("motion");
    options.pipeline.motion = {motion.Number("threshold", 0, 1),
                               Ms(motion.Number("keepAliveMs", 1, kMaxMs))};
    reader->Adopt(motion);
    if (!options.pipeline.track) reader->Expect("a tracker", "motion");
  }
  options.pipeline.stats_interval = Ms(reader->Number("statsIntervalMs", 1, kMaxMs));
  options.pipeline.batch = Ms(reader->Number("batchMs", 0, kMaxMs));
  return options;
}

}  // namespace jetfleet
