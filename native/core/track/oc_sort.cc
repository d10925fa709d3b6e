#include "core/track/oc_sort.h"

#include <algorithm>
#include <cmath>

#include "core/track/overlaps.h"

namespace jetfleet {
namespace {

// As published.
constexpr double kOverlap = 0.3;
constexpr double kInertia = 0.2;
constexpr int kSightings = 3;
/// Frames between the two sightings that give a direction.
constexpr double kDirectionFrames = 3;

constexpr double kPi = 3.14159265358979323846;
/// No pair: more than any that overlaps enough.
constexpr double kApart = 2;

Box Between(const Box& from, const Box& to, double part) {
  const auto mix = [part](float a, float b) { return static_cast<float>(a + part * (b - a)); };
  const float width = mix(from.width, to.width);
  const float height = mix(from.height, to.height);
  const double x = from.centre_x() + part * (to.centre_x() - from.centre_x());
  const double y = from.centre_y() + part * (to.centre_y() - from.centre_y());
  return {static_cast<float>(x - width / 2), static_cast<float>(y - height / 2), width, height};
}

}  // namespace

std::vector<Track> OcSort::Update(const FrameTime& now, const Detections& detections,
                                  int* next_id) {
  Detections sure = SureOf(detections);
  Predict(now);
  Pointers pool;
  for (Target& target : targets_) pool.push_back(&target);
  Match(
      now, &pool, &sure, [](const Target& target) { return target.expected; },
      [&](const Target& target, const Detection& detection) {
        return kInertia * detection.score * Agreement(target, detection.box, now);
      });
  Match(
      now, &pool, &sure, [](const Target& target) { return target.last.box; },
      [](const Target&, const Detection&) { return 0; });
  for (const Detection& detection : sure) {
    const AreaFilter filter(detection.box);
    targets_.push_back(
        {filter, filter, detection.box, detection, now.frame, {{now.seconds, detection.box}}, {}});
  }

  std::vector<Track> tracks;
  for (Target& target : targets_) {
    if (target.last_frame != now.frame) continue;
    if (target.streak < kSightings && now.frame > kSightings) continue;
    if (target.last.box.area() <= options().min_box_area) continue;
    if (target.id == 0) target.id = (*next_id)++;
    target.shown_frame = target.last_frame;
    tracks.push_back({target.last, target.id});
  }
  return tracks;
}

std::vector<Track> OcSort::Foresee(int frame, double seconds, double interval) const {
  std::vector<Track> tracks;
  for (const Target& target : targets_) {
    if (target.shown_frame != frame) continue;
    AreaFilter ahead = target.filter;
    ahead.Predict(seconds, interval);
    Track& track = tracks.emplace_back(Track{target.last, target.id});
    const std::optional<Box> from = target.filter.box();
    const std::optional<Box> to = ahead.box();
    if (from && to) track.detection.box = Carried(target.last.box, *from, *to);
  }
  return tracks;
}

void OcSort::Predict(const FrameTime& now) {
  const auto gone = [&](Target& target) {
    if (now.seconds - target.sightings.back().seconds > now.keep_seconds + kClockGrain) return true;
    target.filter.Predict(now.passed, now.interval);
    target.expected = target.filter.box().value_or(target.last.box);
    return false;
  };
  targets_.erase(std::remove_if(targets_.begin(), targets_.end(), gone), targets_.end());
}

template <typename Place, typename Bonus>
void OcSort::Match(const FrameTime& now, Pointers* targets, Detections* detections,
                   const Place& place, const Bonus& bonus) {
  const auto places = BoxesOf(*targets, [&](const Target* target) { return place(*target); });
  PairCosts costs(targets->size(), detections->size(), kApart);
  for (const auto& [row, column, iou] : OverlapsOf(places, BoxesOf(*detections))) {
    if (iou < kOverlap) continue;
    costs.Add(row, column, -iou - bonus(*(*targets)[row], (*detections)[column]));
  }
  const Assignment assignment = Assign(costs);
  for (const auto& [row, column] : assignment.pairs) {
    Seen((*targets)[row], (*detections)[column], now);
  }
  *targets = Picked(*targets, assignment.free_rows);
  *detections = Picked(*detections, assignment.free_columns);
}

void OcSort::Seen(Target* target, const Detection& detection, const FrameTime& now) {
  const Sighting last = target->sightings.back();
  if (target->last_frame < now.frame - 1) {
    const double away = now.seconds - last.seconds;
    const int steps = std::max(static_cast<int>(std::lround(away / now.interval)), 1);
    target->filter = target->seen_filter;
    for (int step = 1; step <= steps; ++step) {
      target->filter.Predict(away / steps, now.interval);
      if (step == steps) break;
      const double part = static_cast<double>(step) / steps;
      target->filter.Update(Between(last.box, detection.box, part));
    }
  }
  target->filter.Update(detection.box);
  target->seen_filter = target->filter;
  target->direction = DirectionFrom(Before(*target, now), detection.box);
  target->streak = target->last_frame == now.frame - 1 ? target->streak + 1 : 1;
  target->last = detection;
  target->last_frame = now.frame;
  target->sightings.push_back({now.seconds, detection.box});
  if (target->sightings.size() > kDirectionFrames + 1) target->sightings.pop_front();
}

OcSort::Direction OcSort::DirectionFrom(const Box& from, const Box& to) {
  const double x = to.centre_x() - from.centre_x();
  const double y = to.centre_y() - from.centre_y();
  const double length = std::hypot(x, y);
  if (length <= 0) return {};
  return {x / length, y / length};
}

const Box& OcSort::Before(const Target& target, const FrameTime& now) {
  const double earliest = now.seconds - (kDirectionFrames + 0.5) * now.interval;
  for (const Sighting& sighting : target.sightings) {
    if (sighting.seconds >= earliest) return sighting.box;
  }
  return target.sightings.back().box;
}

double OcSort::Agreement(const Target& target, const Box& box, const FrameTime& now) {
  const Direction way = DirectionFrom(Before(target, now), box);
  const double cosine = target.direction.x * way.x + target.direction.y * way.y;
  return 0.5 - std::acos(std::clamp(cosine, -1.0, 1.0)) / kPi;
}

}  // namespace jetfleet
