// Who is where at a moment: closed-form functions of the time, so that any moment can be asked for.
#pragma once

#include <vector>

#include "street.h"

namespace jetfleet::scene {

enum class Label : int { kPerson = 0, kVehicle = 1, kBicycle = 2 };

const char* LabelName(Label label);

/// One figure at one moment.
struct Actor {
  /// Stable while the figure is in the scene, and never used again.
  uint64_t id = 0;
  Label label = Label::kPerson;
  /// Decides size, clothes, kind of vehicle.
  uint64_t looks = 0;
  float u = 0, v = 0;
  /// Heading in street coordinates, radians from +u towards +v.
  float heading = 0;
  /// Metres gone so far, which drives legs and wheels.
  float distance = 0;
  /// 0 standing, 1 at full step.
  float stride = 1;
  /// A bicycle locked to its stand has no rider.
  bool parked = false;
};

std::vector<Actor> ActorsAt(const Street& street, uint64_t seed, double seconds);

}  // namespace jetfleet::scene
