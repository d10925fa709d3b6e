#include "pen.h"

namespace jetfleet::scene {

Rgb Pen::Shade(Rgb albedo, Vec3 normal) const {
  const float facing = std::max(0.0f, Dot(normal, to_sun_));
  const Rgb light = light_.ambient * (0.78f + 0.22f * normal.y) +
                    light_.sun * (facing * spot_.sunlit) +
                    light_.lamp * (spot_.lamplit * (0.7f + 0.3f * normal.y));
  return albedo * light;
}

Paint Pen::Round(Rgb albedo) const {
  const Rgb top = Shade(albedo, Normalized({0, 0.75f, -0.65f}));
  const Rgb bottom = Shade(albedo, Normalized({0, -0.25f, -0.95f}));
  return {top, bottom};
}

void Pen::Face(const Vec3* corners, int count, const Paint& paint) const {
  Vec2 points[24];
  for (int i = 0; i < count; ++i) points[i] = view_.Project(corners[i]);
  canvas_.Polygon(points, count, paint);
}

void Pen::Limb(Vec3 a, float ra, Vec3 b, float rb, const Paint& paint) const {
  canvas_.Capsule(view_.Project(a), ra * view_.PixelsPerMetre(a.z), view_.Project(b),
                  rb * view_.PixelsPerMetre(b.z), paint);
}

void Pen::Ball(Vec3 center, float radius, const Paint& paint) const {
  const float r = radius * view_.PixelsPerMetre(center.z);
  canvas_.Ellipse(view_.Project(center), r, r, paint);
}

Pose PoseOf(const View& view, const Actor& actor) {
  const Vec3 forward = view.TurnFromStreet({std::cos(actor.heading), 0, std::sin(actor.heading)});
  return {view.FromStreet(actor.u, actor.v), forward, {forward.z, 0, -forward.x}};
}

}  // namespace jetfleet::scene
