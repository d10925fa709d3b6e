// A walking or standing person.
#include "body.h"

namespace jetfleet::scene {
namespace {

Leg MakeLeg(const Pose& pose, float h, float side, float swing, float bend) {
  const float thigh = 0.25f * h, shin = 0.24f * h, hip_up = 0.52f * h;
  const float aside = side * 0.075f * h / 1.75f;
  Leg leg;
  leg.hip = pose.At(0, hip_up, aside);
  leg.knee =
      leg.hip + pose.forward * (thigh * std::sin(swing)) - Vec3{0, thigh * std::cos(swing), 0};
  const float lower = swing - bend;
  leg.ankle =
      leg.knee + pose.forward * (shin * std::sin(lower)) - Vec3{0, shin * std::cos(lower), 0};
  leg.toe = leg.ankle + pose.forward * (0.13f * h / 1.75f) - Vec3{0, 0.02f, 0};
  return leg;
}

Arm MakeArm(const Pose& pose, float h, float side, float swing, float bend) {
  const float upper = 0.17f * h, lower = 0.16f * h;
  const Vec3 out = pose.right * (side * 0.03f);
  Arm arm;
  arm.shoulder = pose.At(0.0f, 0.80f * h, side * 0.20f * h / 1.75f);
  arm.elbow = arm.shoulder + out + pose.forward * (upper * std::sin(swing)) -
              Vec3{0, upper * std::cos(swing), 0};
  const float fore = swing + bend;
  arm.hand =
      arm.elbow + pose.forward * (lower * std::sin(fore)) - Vec3{0, lower * std::cos(fore), 0};
  return arm;
}

Body WalkingBody(const View& view, const Actor& actor, const Outfit& outfit) {
  const Pose pose = PoseOf(view, actor);
  const float h = outfit.height;
  const float phase = actor.distance * 2 * kPi / (0.82f * h);
  const float s = std::sin(phase), c = std::cos(phase);
  const float swing = 0.48f * actor.stride;
  const float lift = 0.75f * actor.stride;
  Body body;
  body.legs[0] = MakeLeg(pose, h, -1, swing * s, 0.08f + lift * std::max(0.0f, c));
  body.legs[1] = MakeLeg(pose, h, 1, -swing * s, 0.08f + lift * std::max(0.0f, -c));
  const float arms = 0.42f * actor.stride;
  body.arms[0] = MakeArm(pose, h, -1, -arms * s, 0.35f);
  body.arms[1] = MakeArm(pose, h, 1, arms * s, 0.35f);
  const float bob = 0.015f * actor.stride * std::cos(2 * phase);
  body.hips = pose.At(0, 0.54f * h + bob, 0);
  body.chest = pose.At(0.02f, 0.755f * h + bob, 0);
  body.head = pose.At(0.03f, 0.925f * h + bob, 0);
  return body;
}

}  // namespace

Extent PersonExtent(const Actor&) { return {0.75f, 0.75f, 2.15f, 0.55f}; }

void DrawPersonShadow(const Pen& pen, const Actor& actor, const Paint& paint) {
  DrawBodyShadow(pen, WalkingBody(pen.view(), actor, OutfitOf(actor.looks)), paint);
}

void DrawPerson(const Pen& pen, const Actor& actor) {
  const Outfit outfit = OutfitOf(actor.looks);
  DrawBody(pen, PoseOf(pen.view(), actor), WalkingBody(pen.view(), actor, outfit), outfit);
}

}  // namespace jetfleet::scene
