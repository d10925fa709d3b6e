#include "body.h"

namespace jetfleet::scene {
namespace {

constexpr Rgb kSkins[] = {
    {0.90f, 0.72f, 0.60f}, {0.80f, 0.60f, 0.46f}, {0.60f, 0.42f, 0.30f}, {0.40f, 0.27f, 0.19f}};
constexpr Rgb kHairs[] = {
    {0.08f, 0.06f, 0.05f}, {0.25f, 0.15f, 0.08f}, {0.55f, 0.40f, 0.20f}, {0.55f, 0.53f, 0.50f}};
constexpr Rgb kBottoms[] = {{0.10f, 0.12f, 0.20f}, {0.08f, 0.08f, 0.09f}, {0.25f, 0.30f, 0.42f},
                            {0.45f, 0.40f, 0.32f}, {0.30f, 0.30f, 0.31f}, {0.55f, 0.53f, 0.48f}};

/// Clothes come in any hue, mostly muted, some loud.
Rgb Cloth(Dice& dice) {
  const float hue = dice.Range(0, 6), value = dice.Range(0.12f, 0.85f);
  const float saturation = dice.Chance(0.3f) ? dice.Range(0.6f, 0.9f) : dice.Range(0, 0.4f);
  const auto channel = [&](float shift) {
    const float k = std::fmod(hue + shift, 6.0f);
    return value * (1 - saturation * Clamp01(std::min(k, 4 - k)));
  };
  return {channel(5), channel(3), channel(1)};
}

Rgb Darker(Rgb c) { return c * 0.82f; }

void DrawLeg(const Pen& pen, const Leg& leg, const Outfit& outfit, bool far_side) {
  const float g = outfit.girth * outfit.height / 1.75f;
  const Rgb cloth = outfit.skirt ? outfit.skin : outfit.bottom;
  const Paint paint = pen.Round(far_side ? Darker(cloth) : cloth);
  pen.Limb(leg.hip, 0.095f * g, leg.knee, 0.068f * g, paint);
  pen.Limb(leg.knee, 0.066f * g, leg.ankle, 0.046f * g, paint);
  pen.Limb(leg.ankle, 0.05f * g, leg.toe, 0.036f * g, pen.Round(outfit.shoes));
}

void DrawArm(const Pen& pen, const Arm& arm, const Outfit& outfit, bool far_side) {
  const float g = outfit.girth * outfit.height / 1.75f;
  const Rgb cloth = far_side ? Darker(outfit.top) : outfit.top;
  const Rgb fore = outfit.short_sleeves ? outfit.skin : cloth;
  pen.Limb(arm.elbow, 0.042f * g, arm.hand, 0.034f * g, pen.Round(fore));
  pen.Limb(arm.shoulder, 0.055f * g, arm.elbow, 0.045f * g, pen.Round(cloth));
  pen.Ball(arm.hand, 0.042f * g, pen.Round(outfit.skin));
}

void DrawTorso(const Pen& pen, const Pose& pose, const Body& body, const Outfit& outfit) {
  const float g = outfit.girth * outfit.height / 1.75f;
  const Paint top = pen.Round(outfit.top);
  // Two uprights beside each other are wide from the front and narrow from the side.
  const Vec3 hip = pose.right * (0.065f * g), shoulder = pose.right * (0.10f * g);
  pen.Limb(body.hips - hip, 0.12f * g, body.hips + hip, 0.12f * g,
           pen.Round(outfit.skirt ? outfit.top : outfit.bottom));
  pen.Limb(body.hips - hip, 0.12f * g, body.chest - shoulder, 0.115f * g, top);
  pen.Limb(body.hips + hip, 0.12f * g, body.chest + shoulder, 0.115f * g, top);
  pen.Limb(body.hips, 0.13f * g, body.chest, 0.135f * g, top);
}

void DrawHead(const Pen& pen, const Pose& pose, const Body& body, const Outfit& outfit) {
  const float s = outfit.height / 1.75f;
  pen.Limb(body.chest + Vec3{0, 0.08f * s, 0}, 0.06f * s, body.head, 0.06f * s,
           pen.Round(Darker(outfit.skin)));
  const float facing = -pose.forward.z;  // 1 looks at the camera
  const Vec3 back = pose.forward * (-0.035f * s);
  const Vec3 up{0, 0.035f * s, 0};
  const Rgb hair = outfit.hood ? outfit.top : outfit.hair;
  pen.Ball(body.head + up + back, 0.112f * s, pen.Round(hair));
  if (facing > -0.6f) {
    pen.Ball(body.head + pose.forward * (0.035f * s) + Vec3{0, -0.015f * s, 0}, 0.093f * s,
             pen.Round(outfit.skin));
  }
  if (outfit.helmet || outfit.hat) {
    const Vec3 crown = body.head + Vec3{0, 0.075f * s, 0};
    pen.Limb(crown - pose.forward * (0.06f * s), 0.085f * s, crown + pose.forward * (0.06f * s),
             0.075f * s,
             pen.Round(outfit.helmet ? outfit.bottom + Rgb{0.3f, 0.3f, 0.3f} : outfit.shoes));
  }
}

void DrawSkirt(const Pen& pen, const Body& body, const Outfit& outfit, bool coat) {
  const float g = outfit.girth * outfit.height / 1.75f;
  const Vec3 knees = (body.legs[0].knee + body.legs[1].knee) * 0.5f;
  const Paint paint = pen.Round(coat ? outfit.top : outfit.bottom);
  const float flare = coat ? 0.16f : 0.2f;
  pen.Limb(body.hips + Vec3{0, 0.05f, 0}, 0.15f * g, knees + Vec3{0, coat ? 0.16f : 0.2f, 0},
           flare * g, paint);
}

}  // namespace

Outfit OutfitOf(uint64_t looks) {
  Dice dice(Mix(looks, 0x41));
  Outfit o;
  const bool child = dice.Chance(0.1f);
  o.height = child ? dice.Range(1.15f, 1.4f) : dice.Range(1.56f, 1.9f);
  o.girth = dice.Range(0.9f, 1.25f);
  o.skin = kSkins[dice.Pick(4)];
  o.hair = kHairs[dice.Pick(4)];
  o.top = Cloth(dice);
  o.bottom = dice.Chance(0.75f) ? kBottoms[dice.Pick(6)] : Cloth(dice);
  o.shoes = dice.Chance(0.7f) ? Rgb{0.07f, 0.06f, 0.06f} : Rgb{0.75f, 0.75f, 0.75f};
  o.skirt = dice.Chance(0.2f);
  o.long_coat = !o.skirt && dice.Chance(0.2f);
  o.hat = dice.Chance(0.2f);
  o.backpack = dice.Chance(0.3f);
  o.short_sleeves = dice.Chance(0.35f);
  o.hood = dice.Chance(0.12f);
  return o;
}

void DrawBody(const Pen& pen, const Pose& pose, const Body& body, const Outfit& outfit) {
  // Index 0 is the left side; it is the farther one when the figure's right points at the camera.
  const bool left_is_far = pose.right.z < 0;
  const int far = left_is_far ? 0 : 1, near = 1 - far;
  DrawArm(pen, body.arms[far], outfit, true);
  DrawLeg(pen, body.legs[far], outfit, true);
  DrawLeg(pen, body.legs[near], outfit, false);
  if (outfit.skirt || outfit.long_coat) DrawSkirt(pen, body, outfit, outfit.long_coat);
  const bool seen_from_behind = pose.forward.z > 0;
  const Vec3 pack = (body.hips * 0.35f + body.chest * 0.65f) - pose.forward * 0.19f;
  const auto backpack = [&] {
    pen.Limb(pack - Vec3{0, 0.1f, 0}, 0.14f, pack + Vec3{0, 0.12f, 0}, 0.12f,
             pen.Round(outfit.shoes * 0.6f + outfit.bottom * 0.6f));
  };
  if (outfit.backpack && !seen_from_behind) backpack();
  DrawTorso(pen, pose, body, outfit);
  DrawHead(pen, pose, body, outfit);
  if (outfit.backpack && seen_from_behind) backpack();
  DrawArm(pen, body.arms[near], outfit, false);
}

Vec3 OnGround(const Pen& pen, Vec3 p) {
  const Vec3 sun = pen.to_sun();
  const float k = p.y / std::max(0.05f, sun.y);
  return {p.x - sun.x * k, 0, p.z - sun.z * k};
}

void DrawBodyShadow(const Pen& pen, const Body& body, const Paint& paint) {
  const auto g = [&](Vec3 p) { return OnGround(pen, p); };
  for (const Leg& leg : body.legs) {
    pen.Limb(g(leg.hip), 0.08f, g(leg.knee), 0.07f, paint);
    pen.Limb(g(leg.knee), 0.07f, g(leg.ankle), 0.05f, paint);
  }
  pen.Limb(g(body.hips), 0.14f, g(body.chest), 0.16f, paint);
  pen.Limb(g(body.arms[0].shoulder), 0.05f, g(body.arms[0].hand), 0.04f, paint);
  pen.Limb(g(body.arms[1].shoulder), 0.05f, g(body.arms[1].hand), 0.04f, paint);
  pen.Ball(g(body.head), 0.10f, paint);
}

}  // namespace jetfleet::scene
