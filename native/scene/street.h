// The place: where the camera stands and where people, vehicles and bicycles may move. Everything
// here follows from the seed alone.
#pragma once

#include <vector>

#include "math.h"

namespace jetfleet::scene {

/// A camera with a shifted lens, as on a wall bracket: uprights stay upright in the picture. It
/// stands at the origin of the street coordinates (u along the street, v across it), turned by an
/// angle.
struct View {
  float focal = 0, center_x = 0, horizon_y = 0, height = 0;
  float cos_turn = 1, sin_turn = 0;
  int width = 0, picture_height = 0;

  Vec3 FromStreet(float u, float v, float y = 0) const {
    return {u * cos_turn - v * sin_turn, y, u * sin_turn + v * cos_turn};
  }
  /// Direction, not place: x along the street, z across.
  Vec3 TurnFromStreet(Vec3 d) const {
    return {d.x * cos_turn - d.z * sin_turn, d.y, d.x * sin_turn + d.z * cos_turn};
  }
  Vec2 Project(Vec3 p) const {
    const float k = focal / p.z;
    return {center_x + p.x * k, horizon_y + (height - p.y) * k};
  }
  float PixelsPerMetre(float z) const { return focal / z; }
};

enum class Traffic { kPeople, kBicycles, kVehicles };

/// A strip along the street in which things move one way. Strips do not overlap in v, except those
/// for people.
struct Lane {
  Traffic traffic;
  float v;
  /// Half the width within which things keep.
  float spread;
  /// +1 or −1 along u.
  float direction;
  /// Metres per second, and mean seconds between two starts.
  float speed, interval;
  /// What is in view, with a margin for entering and leaving.
  float from_u, to_u;
};

/// What the ground is made of from one v to the next.
enum class Ground { kGrass, kPlaza, kPavement, kCurb, kBicycleLane, kRoad };
struct Strip {
  Ground ground;
  float from_v, to_v;
};

struct Street {
  View view;
  std::vector<Strip> strips;
  std::vector<Lane> lanes;
  /// v of the dashed lines between lanes.
  std::vector<float> dashes;
  /// Where standing things (lamps, trees, bins) have their strips; the second is beyond the road.
  float near_furniture_v = 0, far_furniture_v = 0, plaza_v = 0, parking_v = 0;
  float crossing_u = 0, building_v = 0;
};

Street MakeStreet(uint64_t seed, int width, int height);

}  // namespace jetfleet::scene
