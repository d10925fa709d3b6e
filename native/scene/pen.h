// Draws shaded figures of the street into a canvas: what the figure files share.
#pragma once

#include "canvas.h"
#include "light.h"
#include "street.h"
#include "traffic.h"

namespace jetfleet::scene {

/// Light that reaches one place: what the sun's shadow map and the lamps leave there.
struct Spot {
  float sunlit = 1, lamplit = 0;
};

class Pen {
 public:
  Pen(const View& view, const Light& light, Spot spot, Canvas& canvas)
      : view_(view),
        light_(light),
        spot_(spot),
        canvas_(canvas),
        to_sun_(view.TurnFromStreet(light.to_sun)) {}

  /// Colour of a surface with this outward normal (camera space).
  Rgb Shade(Rgb albedo, Vec3 normal) const;
  /// Colour of something round: lit from above and from the sun's side, on average.
  Paint Round(Rgb albedo) const;

  void Face(const Vec3* corners, int count, const Paint& paint) const;
  void Limb(Vec3 a, float ra, Vec3 b, float rb, const Paint& paint) const;
  void Ball(Vec3 center, float radius, const Paint& paint) const;

  const View& view() const { return view_; }
  const Light& light() const { return light_; }
  Vec3 to_sun() const { return to_sun_; }

 private:
  const View& view_;
  const Light& light_;
  Spot spot_;
  Canvas& canvas_;
  Vec3 to_sun_;
};

/// Where a figure stands and how it is turned: forward and right are unit vectors on the ground.
struct Pose {
  Vec3 foot, forward, right;
  Vec3 At(float ahead, float up, float aside) const {
    return foot + forward * ahead + right * aside + Vec3{0, up, 0};
  }
};

Pose PoseOf(const View& view, const Actor& actor);

/// A cuboid, in the pose's axes, that holds the whole figure.
struct Extent {
  float ahead = 0, behind = 0, height = 0, half_width = 0;
};

// Each figure: how large it is, its shadow on flat ground (any paint), and itself.
Extent PersonExtent(const Actor& actor);
void DrawPersonShadow(const Pen& pen, const Actor& actor, const Paint& paint);
void DrawPerson(const Pen& pen, const Actor& actor);

Extent VehicleExtent(const Actor& actor);
void DrawVehicleShadow(const Pen& pen, const Actor& actor, const Paint& paint);
void DrawVehicle(const Pen& pen, const Actor& actor);

Extent BicycleExtent(const Actor& actor);
void DrawBicycleShadow(const Pen& pen, const Actor& actor, const Paint& paint);
void DrawBicycle(const Pen& pen, const Actor& actor);

}  // namespace jetfleet::scene
