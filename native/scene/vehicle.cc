// Cars, vans, trucks and buses, as convex prisms across their width with wheels, glass and lights
// on them.
#include <array>

#include "body.h"

namespace jetfleet::scene {
namespace {

constexpr int kMostCorners = 8;

/// A convex outline in the plane of travel, extruded over the width. Corners run from the rear
/// bottom over the top to the front bottom; the bottom closes it.
struct Prism {
  int count = 0;
  Vec2 outline[kMostCorners];
  float half_width = 0.9f;
  Rgb color;
  bool glass = false;
};

struct Model {
  float length = 4.4f, height = 1.5f, half_width = 0.9f, wheel = 0.33f;
  Prism parts[4];
  int part_count = 0;
  float axles[3];
  int axle_count = 2;
  int pillars = 2;
};

Prism Make(std::initializer_list<Vec2> outline, float half_width, Rgb color, bool glass = false) {
  Prism prism;
  for (const Vec2 p : outline) prism.outline[prism.count++] = p;
  prism.half_width = half_width;
  prism.color = color;
  prism.glass = glass;
  return prism;
}

Rgb BodyColor(Dice& dice) {
  constexpr Rgb kColors[] = {{0.85f, 0.85f, 0.84f}, {0.60f, 0.61f, 0.63f}, {0.30f, 0.31f, 0.33f},
                             {0.07f, 0.07f, 0.08f}, {0.55f, 0.07f, 0.07f}, {0.08f, 0.17f, 0.42f},
                             {0.12f, 0.32f, 0.20f}, {0.70f, 0.52f, 0.12f}, {0.42f, 0.33f, 0.25f},
                             {0.20f, 0.42f, 0.58f}};
  return kColors[dice.Pick(10)];
}

constexpr Rgb kGlass{0.13f, 0.16f, 0.19f};

/// rear/front are the cabin's ends at the belt line, rake how far its roof is drawn in at both
/// ends.
Model Car(Dice& dice, float length, float height, float rear, float front, float rake_rear,
          float rake_front) {
  Model m;
  const Rgb color = BodyColor(dice);
  const float h = length * 0.5f, belt = height * 0.60f, sill = 0.22f;
  m.length = length;
  m.height = height;
  m.half_width = dice.Range(0.86f, 0.95f);
  m.parts[m.part_count++] = Make({{-h, sill},
                                  {-h, belt * 0.86f},
                                  {-h + 0.18f, belt},
                                  {front + 0.1f, belt},
                                  {h - 0.25f, belt * 0.82f},
                                  {h, belt * 0.6f},
                                  {h, sill}},
                                 m.half_width, color);
  const float roof = height - 0.07f;
  m.parts[m.part_count++] =
      Make({{rear, belt}, {rear + rake_rear, roof}, {front - rake_front, roof}, {front, belt}},
           m.half_width * 0.88f, kGlass, true);
  m.parts[m.part_count++] = Make({{rear + rake_rear - 0.03f, roof - 0.02f},
                                  {rear + rake_rear + 0.12f, height},
                                  {front - rake_front - 0.12f, height},
                                  {front - rake_front + 0.03f, roof - 0.02f}},
                                 m.half_width * 0.87f, color);
  m.axles[0] = -h * 0.60f;
  m.axles[1] = h * 0.63f;
  return m;
}

Model Van(Dice& dice) {
  Model m;
  const Rgb color = dice.Chance(0.5f) ? Rgb{0.85f, 0.85f, 0.83f} : BodyColor(dice);
  m.length = dice.Range(4.9f, 5.8f);
  m.height = dice.Range(1.95f, 2.5f);
  m.half_width = 0.99f;
  m.wheel = 0.36f;
  const float h = m.length * 0.5f, belt = 1.15f;
  m.parts[m.part_count++] = Make(
      {{-h, 0.28f}, {-h, belt}, {h - 0.55f, belt}, {h - 0.1f, belt * 0.8f}, {h, 0.65f}, {h, 0.28f}},
      m.half_width, color);
  m.parts[m.part_count++] = Make({{h - 1.9f, belt},
                                  {h - 1.9f, m.height - 0.12f},
                                  {h - 1.15f, m.height - 0.12f},
                                  {h - 0.5f, belt}},
                                 m.half_width * 0.93f, kGlass, true);
  // The roof overhangs the windscreen by a strip of its own, so that each part stays convex.
  m.parts[m.part_count++] = Make({{-h, belt - 0.02f},
                                  {-h + 0.06f, m.height},
                                  {h - 1.75f, m.height},
                                  {h - 1.75f, belt - 0.02f}},
                                 m.half_width * 0.95f, color);
  m.parts[m.part_count++] = Make({{h - 1.78f, m.height - 0.14f},
                                  {h - 1.78f, m.height},
                                  {h - 1.3f, m.height},
                                  {h - 1.1f, m.height - 0.14f}},
                                 m.half_width * 0.94f, color);
  m.axles[0] = -h * 0.6f;
  m.axles[1] = h * 0.65f;
  m.pillars = 0;
  return m;
}

Model Truck(Dice& dice) {
  Model m;
  const Rgb cab = BodyColor(dice),
            box = dice.Chance(0.6f) ? Rgb{0.80f, 0.80f, 0.78f} : BodyColor(dice);
  m.length = dice.Range(6.5f, 8.8f);
  m.height = dice.Range(2.9f, 3.4f);
  m.half_width = 1.2f;
  m.wheel = 0.48f;
  const float h = m.length * 0.5f, cab_rear = h - 1.9f, roof = m.height * 0.84f;
  m.parts[m.part_count++] = Make({{-h, 0.5f}, {-h, 0.95f}, {h - 0.1f, 0.95f}, {h, 0.45f}},
                                 m.half_width * 0.9f, {0.12f, 0.12f, 0.13f});
  m.parts[m.part_count++] =
      Make({{-h, 0.9f}, {-h, m.height}, {cab_rear - 0.15f, m.height}, {cab_rear - 0.15f, 0.9f}},
           m.half_width, box);
  m.parts[m.part_count++] =
      Make({{cab_rear, 0.5f}, {cab_rear, roof}, {h - 0.35f, roof}, {h - 0.03f, 1.45f}, {h, 0.5f}},
           m.half_width * 0.97f, cab);
  m.axles[0] = -h * 0.62f;
  m.axles[1] = h * 0.7f;
  m.pillars = 0;
  return m;
}

Model Bus(Dice& dice) {
  Model m;
  const Rgb color = BodyColor(dice);
  m.length = dice.Range(9.5f, 11);
  m.height = 3.0f;
  m.half_width = 1.25f;
  m.wheel = 0.48f;
  const float h = m.length * 0.5f;
  m.parts[m.part_count++] =
      Make({{-h, 0.35f}, {-h, 1.25f}, {h, 1.25f}, {h, 0.35f}}, m.half_width, color);
  m.parts[m.part_count++] = Make({{-h, 1.23f}, {-h + 0.05f, 2.5f}, {h - 0.1f, 2.5f}, {h, 1.23f}},
                                 m.half_width * 0.985f, kGlass, true);
  m.parts[m.part_count++] =
      Make({{-h + 0.03f, 2.48f}, {-h + 0.1f, 3.0f}, {h - 0.25f, 3.0f}, {h - 0.08f, 2.48f}},
           m.half_width * 0.99f, color);
  m.axles[0] = -h * 0.55f;
  m.axles[1] = h * 0.62f;
  m.pillars = 6;
  return m;
}

Model ModelOf(const Actor& actor) {
  Dice dice(Mix(actor.looks, 0x61));
  const float kind = dice.Uniform();
  if (actor.parked || kind < 0.62f) {
    const int style = dice.Pick(3);
    const float length = dice.Range(3.9f, 4.8f);
    if (style == 0)
      return Car(dice, length, dice.Range(1.40f, 1.5f), -length * 0.36f, length * 0.24f, 0.55f,
                 0.75f);
    if (style == 1)
      return Car(dice, length * 0.92f, dice.Range(1.48f, 1.6f), -length * 0.44f, length * 0.22f,
                 0.25f, 0.7f);
    return Car(dice, length, dice.Range(1.62f, 1.8f), -length * 0.47f, length * 0.22f, 0.2f, 0.55f);
  }
  if (kind < 0.80f) return Van(dice);
  if (kind < 0.93f) return Truck(dice);
  return Bus(dice);
}

bool Faces(Vec3 corner, Vec3 normal, float camera_height) {
  return Dot(normal, Vec3{0, camera_height, 0} - corner) > 0;
}

/// A rectangle on the side (+1 right, −1 left) between two points of the outline plane.
void SidePatch(const Pen& pen, const Pose& pose, float side, float half_width, Vec2 lo, Vec2 hi,
               Rgb color) {
  const float w = side * half_width;
  const Vec3 q[4] = {pose.At(lo.x, lo.y, w), pose.At(lo.x, hi.y, w), pose.At(hi.x, hi.y, w),
                     pose.At(hi.x, lo.y, w)};
  pen.Face(q, 4, Paint(pen.Shade(color, pose.right * side)));
}

/// A rectangle on the end (+1 front, −1 rear).
void EndPatch(const Pen& pen, const Pose& pose, float at, Vec2 lo, Vec2 hi, const Paint& paint) {
  const Vec3 q[4] = {pose.At(at, lo.y, lo.x), pose.At(at, hi.y, lo.x), pose.At(at, hi.y, hi.x),
                     pose.At(at, lo.y, hi.x)};
  pen.Face(q, 4, paint);
}

void DrawPrism(const Pen& pen, const Pose& pose, const Prism& prism, float side) {
  const float height = pen.view().height;
  const int n = prism.count;
  // Strips across the width: rear, top faces, front (the bottom is never seen).
  for (int i = 0; i + 1 < n; ++i) {
    const Vec2 a = prism.outline[i], b = prism.outline[i + 1];
    const Vec3 q[4] = {pose.At(a.x, a.y, -prism.half_width), pose.At(b.x, b.y, -prism.half_width),
                       pose.At(b.x, b.y, prism.half_width), pose.At(a.x, a.y, prism.half_width)};
    const Vec3 normal = Normalized(pose.forward * -(b.y - a.y) + Vec3{0, b.x - a.x, 0});
    if (!Faces(q[0], normal, height)) continue;
    const Rgb lit = pen.Shade(prism.color, normal);
    // Glass mirrors the sky towards its upper edge.
    const Rgb shine = prism.glass ? lit + pen.light().ambient * 0.18f : lit * 1.06f;
    pen.Face(q, 4, Paint(shine, lit));
  }
  Vec3 face[kMostCorners];
  for (int i = 0; i < n; ++i)
    face[i] = pose.At(prism.outline[i].x, prism.outline[i].y, side * prism.half_width);
  const Rgb lit = pen.Shade(prism.color, pose.right * side);
  pen.Face(face, n,
           prism.glass ? Paint(lit + pen.light().ambient * 0.12f, lit)
                       : Paint(lit * 1.08f, lit * 0.82f));
}

void DrawWheels(const Pen& pen, const Pose& pose, const Model& m, float side) {
  constexpr int kCorners = 18;
  const auto disc = [&](float axle, float radius, float aside, const Paint& paint) {
    Vec3 q[kCorners];
    for (int i = 0; i < kCorners; ++i) {
      const float a = 2 * kPi * static_cast<float>(i) / kCorners;
      q[i] = pose.At(axle + radius * std::cos(a), m.wheel + radius * std::sin(a), aside);
    }
    pen.Face(q, kCorners, paint);
  };
  const Paint tyre = pen.Round({0.05f, 0.05f, 0.055f}), rim = pen.Round({0.45f, 0.46f, 0.48f});
  const Paint arch = pen.Round({0.03f, 0.03f, 0.03f});
  for (int i = 0; i < m.axle_count; ++i) {
    disc(m.axles[i], m.wheel * 1.14f, side * (m.half_width + 0.001f), arch);
    disc(m.axles[i], m.wheel, side * (m.half_width + 0.01f), tyre);
    disc(m.axles[i], m.wheel * 0.6f, side * (m.half_width + 0.02f), rim);
  }
}

/// Tyres on the side that is turned away, and the dark below the floor.
void DrawUnderneath(const Pen& pen, const Pose& pose, const Model& m, float side) {
  const Paint dark(Rgb{0.02f, 0.02f, 0.02f});
  const float h = m.length * 0.47f, w = m.half_width * 0.9f;
  for (int i = 0; i < m.axle_count; ++i) {
    for (const float s : {-side, side}) {
      const Vec3 at = pose.At(m.axles[i], m.wheel * 0.5f, s * w);
      pen.Limb(at - pose.right * (s * 0.1f), m.wheel * 0.5f, at, m.wheel * 0.5f, dark);
    }
  }
  const Vec3 near[4] = {pose.At(-h, 0.12f, side * w), pose.At(-h, 0.4f, side * w),
                        pose.At(h, 0.4f, side * w), pose.At(h, 0.12f, side * w)};
  pen.Face(near, 4, dark);
  const float end = pose.forward.z < 0 ? h : -h;
  EndPatch(pen, pose, end, {-w, 0.15f}, {w, 0.4f}, dark);
}

void DrawEnds(const Pen& pen, const Pose& pose, const Model& m) {
  const float h = m.length * 0.5f, w = m.half_width, night = pen.light().night;
  const bool front_seen = Faces(pose.At(h, 0.6f, 0), pose.forward, pen.view().height);
  const float at = front_seen ? h + 0.01f : -h - 0.01f;
  const Vec3 normal = front_seen ? pose.forward : pose.forward * -1.0f;
  if (!front_seen && !Faces(pose.At(-h, 0.6f, 0), normal, pen.view().height)) return;
  const float lamp_y = m.height > 1.9f ? 0.75f : m.height * 0.42f;
  const Rgb off = front_seen ? Rgb{0.75f, 0.76f, 0.74f} : Rgb{0.5f, 0.05f, 0.05f};
  const Rgb glow = front_seen ? Rgb{1.2f, 1.15f, 1.0f} : Rgb{0.95f, 0.12f, 0.08f};
  const Paint lamp(pen.Shade(off, normal) * (1 - night) + glow * night);
  EndPatch(pen, pose, at, {-w * 0.92f, lamp_y - 0.09f}, {-w * 0.58f, lamp_y + 0.08f}, lamp);
  EndPatch(pen, pose, at, {w * 0.58f, lamp_y - 0.09f}, {w * 0.92f, lamp_y + 0.08f}, lamp);
  EndPatch(pen, pose, at, {-0.26f, 0.38f}, {0.26f, 0.5f},
           Paint(pen.Shade({0.8f, 0.8f, 0.75f}, normal)));
  if (front_seen)
    EndPatch(pen, pose, at, {-w * 0.5f, lamp_y - 0.08f}, {w * 0.5f, lamp_y + 0.06f},
             Paint(pen.Shade({0.06f, 0.06f, 0.07f}, normal)));
}

void DrawSideDetails(const Pen& pen, const Pose& pose, const Model& m, float side) {
  const Prism& body = m.parts[0];
  for (int i = 0; i < m.part_count; ++i) {
    const Prism& glass = m.parts[i];
    if (!glass.glass || m.pillars == 0) continue;
    const float from = glass.outline[0].x, to = glass.outline[glass.count - 1].x;
    const float lo = glass.outline[0].y, hi = glass.outline[1].y;
    for (int k = 1; k <= m.pillars; ++k) {
      const float x = Lerp(from, to,
                           (static_cast<float>(k) - (m.pillars == 2 ? 0.35f : 0.0f)) /
                               (static_cast<float>(m.pillars) + (m.pillars == 2 ? 0.3f : 1)));
      SidePatch(pen, pose, side, glass.half_width + 0.01f, {x - 0.05f, lo}, {x + 0.05f, hi},
                body.color);
    }
  }
  if (m.height < 2) {
    const float belt = m.height * 0.55f;
    for (const float x : {-m.length * 0.16f, m.length * 0.10f}) {
      SidePatch(pen, pose, side, m.half_width + 0.01f, {x - 0.012f, 0.3f}, {x + 0.012f, belt},
                body.color * 0.45f);
      SidePatch(pen, pose, side, m.half_width + 0.01f, {x - 0.25f, belt - 0.09f},
                {x - 0.08f, belt - 0.05f}, body.color * 0.5f);
    }
  }
}

void DrawTruckCab(const Pen& pen, const Pose& pose, const Model& m, float side) {
  const float h = m.length * 0.5f, roof = m.height * 0.84f;
  const float w = m.half_width * 0.97f;
  SidePatch(pen, pose, side, w + 0.01f, {h - 1.35f, 1.5f}, {h - 0.45f, roof - 0.25f}, kGlass);
  if (!Faces(pose.At(h, 1.5f, 0), pose.forward, pen.view().height)) return;
  const Vec3 q[4] = {
      pose.At(h - 0.06f, 1.55f, -w * 0.9f), pose.At(h - 0.30f, roof - 0.15f, -w * 0.9f),
      pose.At(h - 0.30f, roof - 0.15f, w * 0.9f), pose.At(h - 0.06f, 1.55f, w * 0.9f)};
  pen.Face(q, 4,
           Paint(pen.Shade(kGlass, pose.forward) + pen.light().ambient * 0.15f,
                 pen.Shade(kGlass, pose.forward)));
}

}  // namespace

Extent VehicleExtent(const Actor& actor) {
  const Model m = ModelOf(actor);
  return {m.length * 0.5f + 0.1f, m.length * 0.5f + 0.1f, m.height + 0.1f, m.half_width + 0.1f};
}

void DrawVehicleShadow(const Pen& pen, const Actor& actor, const Paint& paint) {
  const Model m = ModelOf(actor);
  const Pose pose = PoseOf(pen.view(), actor);
  for (int i = 0; i < m.part_count; ++i) {
    const Prism& prism = m.parts[i];
    Vec3 near[kMostCorners], far[kMostCorners];
    for (int k = 0; k < prism.count; ++k) {
      near[k] = OnGround(pen, pose.At(prism.outline[k].x, prism.outline[k].y, prism.half_width));
      far[k] = OnGround(pen, pose.At(prism.outline[k].x, prism.outline[k].y, -prism.half_width));
    }
    pen.Face(near, prism.count, paint);
    pen.Face(far, prism.count, paint);
    for (int k = 0; k < prism.count; ++k) {
      const int next = (k + 1) % prism.count;
      const Vec3 q[4] = {near[k], near[next], far[next], far[k]};
      pen.Face(q, 4, paint);
    }
  }
}

void DrawVehicle(const Pen& pen, const Actor& actor) {
  const Model m = ModelOf(actor);
  const Pose pose = PoseOf(pen.view(), actor);
  const float side =
      Faces(pose.At(0, 0, m.half_width), pose.right, pen.view().height) ? 1.0f : -1.0f;
  DrawUnderneath(pen, pose, m, side);
  // Parts lie above or behind each other; of two at one height the farther goes first.
  std::array<int, 4> order{0, 1, 2, 3};
  const bool is_truck = m.height > 2.8f && m.pillars == 0;
  if (is_truck && pose.forward.z > 0.15f) std::swap(order[1], order[2]);
  for (int i = 0; i < m.part_count; ++i) DrawPrism(pen, pose, m.parts[order[i]], side);
  if (is_truck) DrawTruckCab(pen, pose, m, side);
  DrawWheels(pen, pose, m, side);
  DrawSideDetails(pen, pose, m, side);
  DrawEnds(pen, pose, m);
}

}  // namespace jetfleet::scene
