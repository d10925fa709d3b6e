#include "core/analytics/source_analytics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/track/frame_time.h"

namespace jetfleet {
namespace {

using Kind = AnalyticsEvent::Kind;

bool IsOf(const std::string& place, const std::string& source) {
  return place.empty() || place == source;
}

/// A tracker's filter may have run away with it.
bool IsSomewhere(const Box& box) {
  constexpr float kFar = 1e6F;
  const auto near = [](float value) { return std::abs(value) < kFar; };  // false of NaN
  return near(box.left) && near(box.top) && near(box.width) && near(box.height);
}

}  // namespace

const char* VisitEndName(VisitEnd end) {
  switch (end) {
    case VisitEnd::kLeft:
      return "left";
    case VisitEnd::kLost:
      return "lost";
    case VisitEnd::kCut:
      return "cut";
    case VisitEnd::kSourceLost:
      return "source-lost";
    case VisitEnd::kSourceEnded:
      break;
  }
  return "source-ended";
}

SourceAnalytics::SourceAnalytics(AnalyticsOptions options,
                                 std::shared_ptr<const std::string> source)
    : options_(std::move(options)), source_(std::move(source)) {
  for (const LineOptions& line : options_.lines) figures_.lines.push_back({line.name});
  for (const ZoneOptions& zone : options_.zones) figures_.zones.push_back({zone.name});
}

std::vector<AnalyticsEvent> SourceAnalytics::Update(const TrackedFrame& frame) {
  Events events;
  const bool back = last_ && frame.at.seconds < last_->seconds - kClockGrain;
  if (back || !(frame.picture == picture_)) {
    events = End(VisitEnd::kCut);
    Resize(frame.picture);
  }
  last_ = frame.at;
  for (const Track& track : frame.tracks) {
    if (!IsSomewhere(track.detection.box)) continue;
    Object* const object = ObjectOf(track, frame);
    if (object != nullptr) See(object, track.detection.box, frame, &events);
  }
  GiveUp(frame.at, frame.keep_seconds, &events);
  return events;
}

std::vector<AnalyticsEvent> SourceAnalytics::End(VisitEnd why) {
  Events events;
  for (auto& [track, object] : objects_) {
    for (std::size_t zone = 0; zone < object.zones.size(); ++zone) {
      Leave(zone, &object, object.zones[zone].last, why, &events);
    }
  }
  objects_.clear();
  last_.reset();
  return events;
}

void SourceAnalytics::Resize(const Size& picture) {
  picture_ = picture;
  lines_.clear();
  for (const LineOptions& line : options_.lines) {
    std::optional<Line>& placed = lines_.emplace_back();
    if (!IsOf(line.source, *source_)) continue;
    placed.emplace(PointOf(line.from, picture), PointOf(line.to, picture));
  }
  zones_.clear();
  for (const ZoneOptions& zone : options_.zones) {
    std::optional<Polygon>& placed = zones_.emplace_back();
    if (!IsOf(zone.source, *source_)) continue;
    std::vector<Point> corners;
    for (const PicturePoint& point : zone.points) corners.push_back(PointOf(point, picture));
    placed.emplace(std::move(corners));
  }
}

SourceAnalytics::Object* SourceAnalytics::ObjectOf(const Track& track, const TrackedFrame& frame) {
  auto found = objects_.find(track.id);
  if (found == objects_.end()) {
    if (objects_.size() >= kMostObjects) {
      ++figures_.objects_cut;
      return nullptr;
    }
    Object object;
    object.track = track.id;
    const auto label = static_cast<std::size_t>(track.detection.label);
    if (label < frame.labels.size()) object.label = frame.labels[label];
    object.lines.resize(options_.lines.size());
    object.zones.resize(options_.zones.size());
    found = objects_.emplace(track.id, std::move(object)).first;
  }
  Object& object = found->second;
  object.last = frame.at;
  if (track.detection.score > object.best_score) {
    object.best_score = track.detection.score;
    object.best_at = frame.at;
    object.best_box = track.detection.box;
  }
  return &object;
}

bool SourceAnalytics::Counts(const ObjectFilter& filter, const Object& object,
                             const Box& box) const {
  if (!filter.labels.empty() &&
      std::find(filter.labels.begin(), filter.labels.end(), object.label) == filter.labels.end()) {
    return false;
  }
  const double size = static_cast<double>(box.width) * box.height /
                      (static_cast<double>(picture_.width) * picture_.height);
  return static_cast<double>(object.best_score) >= filter.min_score && size >= filter.min_size &&
         (!filter.max_size || size <= *filter.max_size);
}

void SourceAnalytics::See(Object* object, const Box& box, const TrackedFrame& frame,
                          Events* events) {
  const Point anchor = AnchorOf(box, picture_);
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const LineOptions& line = options_.lines[i];
    if (!lines_[i] || !Counts(line.filter, *object, box)) continue;
    const int direction = object->lines[i].Move(*lines_[i], line.margin, anchor);
    if (direction == 0) continue;
    ++(direction > 0 ? figures_.lines[i].in : figures_.lines[i].out);
    AnalyticsEvent event = EventOf(Kind::kLineCrossed, *object, frame.at, box);
    event.id = next_id_++;
    event.place = line.name;
    event.direction = direction;
    events->push_back(std::move(event));
  }
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    if (zones_[i] && Counts(options_.zones[i].filter, *object, box)) {
      Visited(i, object, box, frame.at, events);
    }
  }
}

void SourceAnalytics::Visited(std::size_t zone, Object* object, const Box& box, const Moment& now,
                              Events* events) {
  const ZoneOptions& options = options_.zones[zone];
  const Polygon& polygon = *zones_[zone];
  Visit& visit = object->zones[zone];
  const Point anchor = AnchorOf(box, picture_);
  const bool inside =
      polygon.Contains(anchor) || (visit.inside && polygon.Distance(anchor) < options.margin);
  if (!inside && !visit.inside) return;
  if (!visit.inside) visit.since = now;
  visit.inside = true;
  visit.last = now;
  visit.last_box = box;
  if (!inside) return Leave(zone, object, now, VisitEnd::kLeft, events);
  if (!visit.entered) {
    if (now.seconds - visit.since.seconds >= options.min_dwell_seconds) Enter(zone, object, events);
    return;
  }
  if (visit.id == 0 || now.seconds - visit.updated_seconds < options_.update_seconds) return;
  visit.updated_seconds = now.seconds;
  AnalyticsEvent event = EventOf(Kind::kZoneStayed, *object, now, box);
  event.id = visit.id;
  event.place = options.name;
  event.dwell_seconds = now.seconds - visit.since.seconds;
  events->push_back(std::move(event));
}

void SourceAnalytics::Enter(std::size_t zone, Object* object, Events* events) {
  Visit& visit = object->zones[zone];
  visit.entered = true;
  visit.updated_seconds = visit.last.seconds;
  ++figures_.zones[zone].occupancy;
  ++figures_.zones[zone].entered;
  if (open_ >= kMostVisits) {
    ++figures_.visits_cut;
    return;
  }
  ++open_;
  visit.id = next_id_++;
  AnalyticsEvent event = EventOf(Kind::kZoneEntered, *object, visit.last, visit.last_box);
  event.id = visit.id;
  event.place = options_.zones[zone].name;
  event.dwell_seconds = visit.last.seconds - visit.since.seconds;
  events->push_back(std::move(event));
}

void SourceAnalytics::Leave(std::size_t zone, Object* object, const Moment& at, VisitEnd why,
                            Events* events) {
  // `at` may lie in the visit that is over.
  const Moment over = at;
  const Visit visit = std::exchange(object->zones[zone], Visit());
  if (!visit.entered) return;
  ZoneFigures& figures = figures_.zones[zone];
  const double dwell = over.seconds - visit.since.seconds;
  --figures.occupancy;
  ++figures.left;
  figures.dwell_seconds += dwell;
  if (visit.id == 0) return;
  --open_;
  AnalyticsEvent event = EventOf(Kind::kZoneLeft, *object, over, visit.last_box);
  event.id = visit.id;
  event.place = options_.zones[zone].name;
  event.dwell_seconds = dwell;
  event.end = why;
  events->push_back(std::move(event));
}

void SourceAnalytics::GiveUp(const Moment& now, double keep_seconds, Events* events) {
  const auto is_over = [&](const Moment& last) {
    return now.seconds - last.seconds > keep_seconds + kClockGrain;
  };
  for (auto each = objects_.begin(); each != objects_.end();) {
    Object& object = each->second;
    const bool lost = is_over(object.last);
    for (std::size_t zone = 0; zone < object.zones.size(); ++zone) {
      const Visit& visit = object.zones[zone];
      // Also one that is tracked on, but as what does not count here any more.
      if (visit.inside && is_over(visit.last)) {
        Leave(zone, &object, visit.last, VisitEnd::kLost, events);
      }
    }
    each = lost ? objects_.erase(each) : std::next(each);
  }
}

AnalyticsEvent SourceAnalytics::EventOf(Kind kind, const Object& object, const Moment& at,
                                        const Box& box) const {
  AnalyticsEvent event;
  event.kind = kind;
  event.source = source_;
  event.track = object.track;
  event.label = object.label;
  event.picture = picture_;
  event.at = at;
  event.box = box;
  event.best_score = object.best_score;
  event.best_at = object.best_at;
  event.best_box = object.best_box;
  return event;
}

}  // namespace jetfleet
