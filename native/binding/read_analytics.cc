#include "binding/read_analytics.h"

#include <algorithm>
#include <utility>

namespace jetfleet {
namespace {

constexpr double kMaxMargin = 0.5;
constexpr double kMaxSeconds = 24.0 * 3600;

PicturePoint ReadPoint(OptionReader* reader, const char* name) {
  const std::vector<double> numbers = reader->Numbers(name, 1);
  if (numbers.size() == 2) return {numbers[0], numbers[1]};
  reader->Expect("two numbers from 0 to 1", name);
  return {};
}

bool Has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

ObjectFilter ReadFilter(OptionReader* reader, const std::vector<std::string>& known) {
  ObjectFilter filter;
  if (reader->Has("labels")) filter.labels = reader->Texts("labels");
  for (const std::string& label : filter.labels) {
    if (!Has(known, label)) reader->Expect("labels of the model", "labels");
  }
  if (reader->Has("minScore")) filter.min_score = reader->Number("minScore", 0, 1);
  if (reader->Has("minSize")) filter.min_size = reader->Number("minSize", 0, 1);
  if (reader->Has("maxSize")) filter.max_size = reader->Number("maxSize", 0, 1);
  return filter;
}

/// What lines and zones have alike.
template <typename Place>
void ReadPlace(OptionReader* reader, const std::vector<std::string>& labels,
               const std::vector<std::string>& sources, Place* place) {
  place->name = reader->Text("name");
  if (reader->Has("source")) {
    place->source = reader->Text("source");
    if (!Has(sources, place->source)) reader->Expect("a source of the pipeline", "source");
  }
  if (reader->Has("margin")) place->margin = reader->Number("margin", 0, kMaxMargin);
  place->filter = ReadFilter(reader, labels);
}

}  // namespace

AnalyticsOptions ReadAnalytics(OptionReader* reader, const std::vector<std::string>& labels,
                               const std::vector<std::string>& sources) {
  AnalyticsOptions options;
  for (OptionReader& one : reader->Children("lines")) {
    LineOptions line;
    ReadPlace(&one, labels, sources, &line);
    line.from = ReadPoint(&one, "from");
    line.to = ReadPoint(&one, "to");
    if (line.from.x == line.to.x && line.from.y == line.to.y) one.Expect("two points", "to");
    options.lines.push_back(std::move(line));
    reader->Adopt(one);
  }
  for (OptionReader& one : reader->Children("zones")) {
    ZoneOptions zone;
    ReadPlace(&one, labels, sources, &zone);
    const std::vector<double> numbers = one.Numbers("points", 1);
    for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
      zone.points.push_back({numbers[i], numbers[i + 1]});
    }
    if (numbers.size() % 2 != 0 || zone.points.size() < kLeastCorners ||
        zone.points.size() > kMostCorners) {
      one.Expect("3 to 64 points, x and y in turn", "points");
    }
    if (one.Has("minDwellMs")) {
      zone.min_dwell_seconds = one.Number("minDwellMs", 0, kMaxSeconds * 1000) / 1000;
    }
    options.zones.push_back(std::move(zone));
    reader->Adopt(one);
  }
  if (options.lines.size() > kMostLines) reader->Expect("at most 32 lines", "lines");
  if (options.zones.size() > kMostZones) reader->Expect("at most 32 zones", "zones");
  if (reader->Has("updateMs")) {
    options.update_seconds = reader->Number("updateMs", 0, kMaxSeconds * 1000) / 1000;
  }
  return options;
}

}  // namespace jetfleet
