// A bicycle; when it moves, its rider is part of it.
#include "body.h"

namespace jetfleet::scene {
namespace {

constexpr float kWheelRadius = 0.34f, kWheelbase = 1.06f;
constexpr int kSpokes = 14;

struct Frame {
  Vec3 rear, front, crank, saddle, bars, head;
};

Frame FrameOf(const Pose& pose) {
  const float half = kWheelbase * 0.5f;
  return {pose.At(-half, kWheelRadius, 0), pose.At(half, kWheelRadius, 0),
          pose.At(-0.06f, 0.29f, 0),       pose.At(-0.24f, 0.96f, 0),
          pose.At(0.33f, 1.04f, 0),        pose.At(0.36f, 0.78f, 0)};
}

void DrawWheel(const Pen& pen, const Pose& pose, Vec3 hub, const Paint& tyre) {
  Vec3 last;
  for (int i = 0; i <= kSpokes; ++i) {
    const float a = 2 * kPi * static_cast<float>(i) / kSpokes;
    const Vec3 p =
        hub + pose.forward * (kWheelRadius * std::cos(a)) + Vec3{0, kWheelRadius * std::sin(a), 0};
    if (i > 0) pen.Limb(last, 0.024f, p, 0.024f, tyre);
    last = p;
  }
}

Body RidingBody(const Pose& pose, const Frame& frame, const Actor& actor, const Outfit& outfit) {
  const float s = outfit.height / 1.75f;
  Body body;
  body.hips = frame.saddle + Vec3{0, 0.09f, 0};
  body.chest = body.hips + pose.forward * (0.26f * s) + Vec3{0, 0.37f * s, 0};
  body.head = body.chest + pose.forward * (0.08f * s) + Vec3{0, 0.30f * s, 0};
  const float turn = actor.distance * 1.35f;
  for (int i = 0; i < 2; ++i) {
    const float side = i == 0 ? -1.0f : 1.0f;
    const float a = turn + (i == 0 ? 0 : kPi);
    Leg& leg = body.legs[i];
    leg.hip = body.hips + pose.right * (side * 0.09f);
    leg.ankle = frame.crank + pose.right * (side * 0.11f) + pose.forward * (0.17f * std::cos(a)) +
                Vec3{0, 0.06f - 0.17f * std::sin(a), 0};
    leg.toe = leg.ankle + pose.forward * 0.14f - Vec3{0, 0.02f, 0};
    // The knee stands off the line from hip to ankle, forward, by what the fixed leg length leaves.
    const Vec3 line = leg.ankle - leg.hip;
    const float length = std::sqrt(Dot(line, line));
    const float bend = std::sqrt(std::max(0.0f, 0.45f * 0.45f * s * s - length * length * 0.25f));
    const Vec3 off = Normalized(Cross(line, pose.right));
    const float sign = Dot(off, pose.forward) > 0 ? 1.0f : -1.0f;
    leg.knee = leg.hip + line * 0.5f + off * (sign * bend);
    Arm& arm = body.arms[i];
    arm.shoulder = body.chest + pose.right * (side * 0.18f) + Vec3{0, 0.05f, 0};
    arm.hand = frame.bars + pose.right * (side * 0.24f);
    arm.elbow = (arm.shoulder + arm.hand) * 0.5f + pose.right * (side * 0.05f) - Vec3{0, 0.05f, 0};
  }
  return body;
}

void DrawFrame(const Pen& pen, const Pose& pose, const Frame& f, Rgb color) {
  const Paint tyre = pen.Round({0.05f, 0.05f, 0.055f}), tube = pen.Round(color);
  DrawWheel(pen, pose, f.rear, tyre);
  DrawWheel(pen, pose, f.front, tyre);
  const auto line = [&](Vec3 a, Vec3 b, float r, const Paint& p) { pen.Limb(a, r, b, r, p); };
  line(f.rear, f.crank, 0.02f, tube);
  line(f.rear, f.saddle, 0.018f, tube);
  line(f.crank, f.saddle, 0.022f, tube);
  line(f.crank, f.head, 0.025f, tube);
  line(f.saddle - Vec3{0, 0.14f, 0}, f.head, 0.022f, tube);
  line(f.front, f.bars, 0.022f, tube);
  line(f.bars - pose.right * 0.26f, f.bars + pose.right * 0.26f, 0.02f, tyre);
  line(f.saddle - pose.forward * 0.12f, f.saddle + pose.forward * 0.1f, 0.045f, tyre);
}

Rgb FrameColor(uint64_t looks) {
  constexpr Rgb kColors[] = {{0.75f, 0.10f, 0.10f}, {0.10f, 0.25f, 0.65f}, {0.08f, 0.08f, 0.08f},
                             {0.85f, 0.85f, 0.85f}, {0.10f, 0.50f, 0.30f}, {0.90f, 0.60f, 0.05f}};
  return kColors[Mix(looks, 0x51) % 6];
}

Outfit RiderOutfit(uint64_t looks) {
  Outfit outfit = OutfitOf(looks);
  outfit.height = std::max(outfit.height, 1.55f);
  outfit.skirt = outfit.long_coat = outfit.hat = outfit.hood = false;
  outfit.helmet = HashUniform(looks, 0x52) < 0.6f;
  return outfit;
}

}  // namespace

Extent BicycleExtent(const Actor& actor) {
  return {1.05f, 1.05f, actor.parked ? 1.3f : 2.1f, 0.5f};
}

void DrawBicycleShadow(const Pen& pen, const Actor& actor, const Paint& paint) {
  const Pose pose = PoseOf(pen.view(), actor);
  const Frame f = FrameOf(pose);
  const auto g = [&](Vec3 p) { return OnGround(pen, p); };
  for (const Vec3 hub : {f.rear, f.front}) {
    Vec3 last;
    for (int i = 0; i <= 10; ++i) {
      const float a = 2 * kPi * static_cast<float>(i) / 10;
      const Vec3 p = g(hub + pose.forward * (kWheelRadius * std::cos(a)) +
                       Vec3{0, kWheelRadius * std::sin(a), 0});
      if (i > 0) pen.Limb(last, 0.03f, p, 0.03f, paint);
      last = p;
    }
  }
  pen.Limb(g(f.crank), 0.03f, g(f.head), 0.03f, paint);
  pen.Limb(g(f.crank), 0.03f, g(f.saddle), 0.03f, paint);
  pen.Limb(g(f.front), 0.03f, g(f.bars), 0.03f, paint);
  if (!actor.parked)
    DrawBodyShadow(pen, RidingBody(pose, f, actor, RiderOutfit(actor.looks)), paint);
}

void DrawBicycle(const Pen& pen, const Actor& actor) {
  const Pose pose = PoseOf(pen.view(), actor);
  const Frame f = FrameOf(pose);
  const Rgb color = FrameColor(actor.looks);
  DrawFrame(pen, pose, f, color);
  if (actor.parked) return;
  const Outfit outfit = RiderOutfit(actor.looks);
  DrawBody(pen, pose, RidingBody(pose, f, actor, outfit), outfit);
  const float night = pen.light().night;
  if (night > 0.3f) pen.Ball(f.bars + pose.forward * 0.1f, 0.05f, Paint(Rgb{1, 1, 0.9f} * night));
}

}  // namespace jetfleet::scene
