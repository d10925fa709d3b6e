#include "street.h"

namespace jetfleet::scene {
namespace {

// Figures are drawn from this distance on, up to the far end where they are a few pixels high.
constexpr float kNearest = 3.5f, kFarthest = 95;

View MakeView(Dice& dice, int width, int height) {
  View view;
  view.width = width;
  view.picture_height = height;
  const auto h = static_cast<float>(height);
  view.focal = h * dice.Range(1.1f, 1.45f);
  view.center_x = static_cast<float>(width) * 0.5f;
  view.horizon_y = h * dice.Range(0.10f, 0.22f);
  view.height = dice.Range(4.2f, 6.2f);
  const float degrees = dice.Chance(0.7f) ? dice.Range(0, 26) : dice.Range(26, 48);
  const float turn = (dice.Chance(0.5f) ? 1.0f : -1.0f) * degrees * kPi / 180;
  view.cos_turn = std::cos(turn);
  view.sin_turn = std::sin(turn);
  return view;
}

void FindReach(const View& view, Lane& lane) {
  lane.from_u = 1e9f;
  lane.to_u = -1e9f;
  for (float u = -120; u <= 120; u += 0.25f) {
    const Vec3 p = view.FromStreet(u, lane.v);
    if (p.z < kNearest || p.z > kFarthest) continue;
    const Vec2 foot = view.Project(p);
    const float margin = 3.5f * view.PixelsPerMetre(p.z);
    if (foot.x < -margin || foot.x > static_cast<float>(view.width) + margin) continue;
    lane.from_u = std::min(lane.from_u, u);
    lane.to_u = std::max(lane.to_u, u);
  }
}

void AddLane(Street& street, Dice& dice, Traffic traffic, float v, float spread, float direction,
             float speed, float shortest, float longest) {
  Lane lane{traffic, v, spread, direction, speed, dice.Range(shortest, longest), 0, 0};
  FindReach(street.view, lane);
  if (lane.to_u > lane.from_u) street.lanes.push_back(lane);
}

float Sign(Dice& dice) { return dice.Chance(0.5f) ? 1.0f : -1.0f; }

void AddRoad(Street& street, Dice& dice, float& v) {
  constexpr float kLaneWidth = 3.3f;
  const int count = 2 + dice.Pick(2);
  const float first = Sign(dice);
  street.strips.push_back({Ground::kRoad, v, v + kLaneWidth * static_cast<float>(count)});
  for (int i = 0; i < count; ++i) {
    if (i > 0) street.dashes.push_back(v);
    AddLane(street, dice, Traffic::kVehicles, v + kLaneWidth * 0.5f, 0,
            i < (count + 1) / 2 ? first : -first, dice.Range(5.5f, 9), 3.6f, 7);
    v += kLaneWidth;
  }
}

}  // namespace

Street MakeStreet(uint64_t seed, int width, int height) {
  Dice dice(Mix(seed, 0x21));
  Street street;
  street.view = MakeView(dice, width, height);
  float v = 3;
  street.strips.push_back({Ground::kGrass, -1000, v});
  const float plaza = dice.Range(7, 11);
  street.strips.push_back({Ground::kPlaza, v, v + plaza});
  street.plaza_v = v + plaza * 0.66f;
  // People and bicycles wander over the plaza in strips of their own.
  for (int i = 0; i < 3; ++i) {
    AddLane(street, dice, Traffic::kPeople, v + plaza * (0.36f + 0.2f * static_cast<float>(i)),
            plaza * 0.09f, Sign(dice), 1.3f, 5, 12);
  }
  AddLane(street, dice, Traffic::kBicycles, v + plaza * 0.88f, 0.3f, Sign(dice), 3.2f, 7, 16);
  v += plaza;
  street.near_furniture_v = v + 0.5f;
  street.strips.push_back({Ground::kPavement, v, v + 1});
  street.strips.push_back({Ground::kCurb, v + 1, v + 1.2f});
  v += 1.2f;
  if (dice.Chance(0.7f)) {
    street.strips.push_back({Ground::kBicycleLane, v, v + 1.8f});
    AddLane(street, dice, Traffic::kBicycles, v + 0.9f, 0.2f, Sign(dice), 4.5f, 5, 11);
    v += 1.8f;
  }
  AddRoad(street, dice, v);
  street.strips.push_back({Ground::kRoad, v, v + 2.2f});
  street.parking_v = v + 1.1f;
  v += 2.2f;
  street.strips.push_back({Ground::kCurb, v, v + 0.2f});
  street.far_furniture_v = v + 0.7f;
  const float pavement = dice.Range(3.2f, 5);
  street.strips.push_back({Ground::kPavement, v + 0.2f, v + pavement});
  for (int i = 0; i < 2; ++i) {
    AddLane(street, dice, Traffic::kPeople,
            v + 1.5f + (pavement - 2) * 0.5f * static_cast<float>(i), 0.25f, i == 0 ? 1.0f : -1.0f,
            1.3f, 7, 14);
  }
  street.building_v = v + pavement;
  street.crossing_u = dice.Range(-8, 8) + street.view.sin_turn * 18;
  return street;
}

}  // namespace jetfleet::scene
