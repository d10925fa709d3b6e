#include "traffic.h"

namespace jetfleet::scene {
namespace {

// Starts per lane are numbered from long before the first frame, so the street is never empty at
// first.
constexpr int64_t kNumbersPerLane = int64_t{1} << 32;
constexpr int64_t kFirstNumber = int64_t{1} << 20;

/// Time as a lane of vehicles feels it: all slow down and speed up together, as before a light.
double LaneTime(uint64_t key, double t) {
  const double period = 24 + 16 * HashUniform(key, 1);
  const double phase = 6.283185 * HashUniform(key, 2);
  const double depth = 0.85 * HashUniform(key, 3);
  return t + depth * period / 6.283185 * std::sin(6.283185 * t / period + phase);
}

/// Crowds come and go: the share of starts that are taken up drifts with the number.
bool IsTaken(uint64_t key, int64_t number) {
  const float crowd = ValueNoise(Mix(key, 4), static_cast<double>(number) / 5);
  return HashUniform(Mix(key, 5), static_cast<uint64_t>(number)) < 0.35f + 0.6f * crowd;
}

struct Progress {
  float distance = 0, stride = 1;
};

/// A walk with at most one stop on the way.
Progress Walk(Dice& dice, float speed, double elapsed, float reach) {
  const bool stops = dice.Chance(0.25f);
  const float stop_at = reach * dice.Range(0.2f, 0.8f);
  const float pause = dice.Range(4, 14);
  const auto free_run = static_cast<float>(elapsed) * speed;
  if (!stops || free_run < stop_at) return {free_run, 1};
  const float held = free_run - stop_at;
  if (held < pause * speed) return {stop_at, 0};
  return {free_run - pause * speed, 1};
}

Actor Place(const Lane& lane, uint64_t id, uint64_t key, Progress progress) {
  Dice dice(Mix(key, 0x31));
  Actor actor;
  actor.id = id;
  actor.looks = Mix(key, 0x32);
  actor.distance = progress.distance;
  actor.stride = progress.stride;
  actor.u = lane.direction > 0 ? lane.from_u + progress.distance : lane.to_u - progress.distance;
  actor.heading = lane.direction > 0 ? 0 : kPi;
  if (lane.spread <= 0) {
    actor.v = lane.v;
    return actor;
  }
  // A wandering path is a slow sine across the lane; the heading follows its slope.
  const float base = dice.Range(-0.5f, 0.5f) * lane.spread,
              sway = dice.Range(0.1f, 0.5f) * lane.spread;
  const float wave = dice.Range(0.15f, 0.4f), phase = dice.Range(0, 2 * kPi);
  const float at = progress.distance * wave + phase;
  actor.v = lane.v + base + sway * std::sin(at);
  const float slope = sway * wave * std::cos(at);
  actor.heading = lane.direction > 0 ? std::atan(slope) : kPi - std::atan(slope);
  return actor;
}

void AddVehicles(const Lane& lane, uint64_t lane_number, uint64_t key, double seconds,
                 std::vector<Actor>& actors) {
  const double now = LaneTime(key, seconds);
  const float reach = lane.to_u - lane.from_u;
  const auto last = static_cast<int64_t>(std::floor(now / lane.interval));
  const auto first =
      static_cast<int64_t>(std::floor((now - reach / lane.speed) / lane.interval)) - 1;
  for (int64_t number = first; number <= last; ++number) {
    if (!IsTaken(key, number)) continue;
    const uint64_t own = Mix(key, static_cast<uint64_t>(number));
    // Jitter stays below what would let a long vehicle touch the next one.
    const double slack = std::max(0.0, lane.interval - 13.0 / lane.speed);
    const double start = static_cast<double>(number) * lane.interval + slack * HashUniform(own, 6);
    const auto distance = static_cast<float>((now - start) * lane.speed);
    if (distance < 0 || distance > reach) continue;
    const auto id = lane_number * kNumbersPerLane + static_cast<uint64_t>(number + kFirstNumber);
    actors.push_back(Place(lane, id, own, {distance, 1}));
    actors.back().label = Label::kVehicle;
  }
}

void AddWanderers(const Lane& lane, uint64_t lane_number, uint64_t key, double seconds,
                  std::vector<Actor>& actors) {
  const float reach = lane.to_u - lane.from_u;
  const float slowest = lane.speed * 0.75f;
  const bool people = lane.traffic == Traffic::kPeople;
  const double longest = reach / slowest + (people ? 14 : 0);
  const auto last = static_cast<int64_t>(std::floor(seconds / lane.interval));
  const auto first = static_cast<int64_t>(std::floor((seconds - longest) / lane.interval)) - 1;
  for (int64_t number = first; number <= last; ++number) {
    if (!IsTaken(key, number)) continue;
    const uint64_t own = Mix(key, static_cast<uint64_t>(number));
    Dice dice(own);
    const double start = (static_cast<double>(number) + dice.Uniform()) * lane.interval;
    if (seconds < start) continue;
    const float speed = lane.speed * dice.Range(0.75f, 1.3f);
    const Progress progress = people ? Walk(dice, speed, seconds - start, reach)
                                     : Progress{static_cast<float>(seconds - start) * speed, 1};
    if (progress.distance > reach) continue;
    const auto id = lane_number * kNumbersPerLane + static_cast<uint64_t>(number + kFirstNumber);
    actors.push_back(Place(lane, id, own, progress));
    actors.back().label = people ? Label::kPerson : Label::kBicycle;
  }
}

/// Vehicles at the far curb and bicycles at their stands do not move for as long as the camera
/// runs.
void AddParked(const Street& street, uint64_t seed, std::vector<Actor>& actors) {
  const uint64_t key = Mix(seed, 0x33);
  const float turn_u = street.view.sin_turn * street.parking_v;
  for (int i = 0; i < 6; ++i) {
    if (HashUniform(key, i) > 0.3f) continue;
    Actor actor;
    actor.id = 1 + i;
    actor.label = Label::kVehicle;
    actor.looks = Mix(key, 100 + i);
    actor.u = turn_u - 16 + 6.2f * static_cast<float>(i);
    actor.v = street.parking_v;
    actor.heading = HashUniform(key, 200 + i) < 0.5f ? 0 : kPi;
    actor.parked = true;
    actors.push_back(actor);
  }
  for (int i = 0; i < 2; ++i) {
    if (HashUniform(key, 300 + i) > 0.4f) continue;
    Actor actor;
    actor.id = 11 + i;
    actor.label = Label::kBicycle;
    actor.looks = Mix(key, 400 + i);
    actor.u = street.view.sin_turn * street.near_furniture_v - 5 + 9 * HashUniform(key, 500 + i);
    actor.v = street.near_furniture_v + 0.05f;
    actor.heading = 0.15f;
    actor.parked = true;
    actors.push_back(actor);
  }
}

}  // namespace

const char* LabelName(Label label) {
  constexpr const char* kNames[] = {"person", "vehicle", "bicycle"};
  return kNames[static_cast<int>(label)];
}

std::vector<Actor> ActorsAt(const Street& street, uint64_t seed, double seconds) {
  std::vector<Actor> actors;
  AddParked(street, seed, actors);
  for (size_t i = 0; i < street.lanes.size(); ++i) {
    const Lane& lane = street.lanes[i];
    const uint64_t key = Mix(Mix(seed, 0x34), i);
    const auto add = lane.traffic == Traffic::kVehicles ? AddVehicles : AddWanderers;
    add(lane, i + 1, key, seconds, actors);
  }
  return actors;
}

}  // namespace jetfleet::scene
