// A human body as joints: walking people and riders are drawn from the same parts.
#pragma once

#include "pen.h"

namespace jetfleet::scene {

/// Looks drawn from the actor's hash.
struct Outfit {
  float height = 1.75f;
  float girth = 1;
  Rgb skin, hair, top, bottom, shoes;
  bool skirt = false, long_coat = false, hat = false, backpack = false, short_sleeves = false,
       helmet = false, hood = false;
};

Outfit OutfitOf(uint64_t looks);

struct Leg {
  Vec3 hip, knee, ankle, toe;
};
struct Arm {
  Vec3 shoulder, elbow, hand;
};
struct Body {
  Leg legs[2];
  Arm arms[2];
  Vec3 hips, chest, head;
};

/// Left and right are ordered so that the farther one is drawn first.
void DrawBody(const Pen& pen, const Pose& pose, const Body& body, const Outfit& outfit);

/// The shadow that the body casts on flat ground.
void DrawBodyShadow(const Pen& pen, const Body& body, const Paint& paint);

/// Where the sun throws the shadow of a point.
Vec3 OnGround(const Pen& pen, Vec3 p);

}  // namespace jetfleet::scene
