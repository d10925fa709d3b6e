#include "scene.h"

#include <cstring>
#include <stdexcept>

#include "backdrop.h"
#include "output.h"
#include "pen.h"

namespace jetfleet::scene {
namespace {

struct FigureKind {
  Extent (*extent)(const Actor&);
  void (*shadow)(const Pen&, const Actor&, const Paint&);
  void (*draw)(const Pen&, const Actor&);
};

const FigureKind& KindOf(Label label) {
  static const FigureKind kinds[] = {{PersonExtent, DrawPersonShadow, DrawPerson},
                                     {VehicleExtent, DrawVehicleShadow, DrawVehicle},
                                     {BicycleExtent, DrawBicycleShadow, DrawBicycle}};
  return kinds[static_cast<int>(label)];
}

/// Picture bounds of the cuboid that holds a figure; false when it is not in front of the camera or
/// not in view.
bool Bounds(const View& view, const Actor& actor, Silhouette& silhouette) {
  const Extent e = KindOf(actor.label).extent(actor);
  const Pose pose = PoseOf(view, actor);
  float left = 1e9f, right = -1e9f, top = 1e9f, bottom = -1e9f;
  for (int i = 0; i < 8; ++i) {
    const Vec3 p = pose.At(i & 1 ? e.ahead : -e.behind, i & 2 ? e.height : 0,
                           i & 4 ? e.half_width : -e.half_width);
    if (p.z < 1.5f) return false;
    const Vec2 at = view.Project(p);
    left = std::min(left, at.x);
    right = std::max(right, at.x);
    top = std::min(top, at.y);
    bottom = std::max(bottom, at.y);
  }
  if (right < 0 || bottom < 0 || left > static_cast<float>(view.width) ||
      top > static_cast<float>(view.picture_height)) {
    return false;
  }
  silhouette.Reset(static_cast<int>(std::floor(left)) - 2, static_cast<int>(std::floor(top)) - 2,
                   static_cast<int>(right - left) + 6, static_cast<int>(bottom - top) + 6);
  return true;
}

/// A thing to draw, in the order of the painter: of two strips of the street the farther first,
/// within a strip the one farther from the camera's own position along the street.
struct Drawable {
  float v, along;
  const Actor* actor;
  const Sprite* sprite;
};

bool IsBehind(const Drawable& a, const Drawable& b) {
  if (a.v != b.v) return a.v > b.v;
  return a.along > b.along;
}

}  // namespace

struct Scene::State {
  uint64_t seed;
  int width, height;
  double fps;
  Street street;
  std::vector<Item> furniture;
  std::vector<Sprite> sprites;
  std::unique_ptr<Backdrop> backdrop;
  NoiseTable noise;
  Picture picture;
  Canvas canvas;
  Silhouette silhouette;
  std::vector<uint8_t> shadow;
  /// Number of the drawable that owns each pixel, 0 for none.
  std::vector<uint8_t> owner;

  State(uint64_t s, int w, int h, double rate)
      : seed(s),
        width(w),
        height(h),
        fps(rate),
        street(MakeStreet(s, w, h)),
        furniture(MakeFurniture(street, s)),
        canvas(w, h),
        owner(static_cast<size_t>(w) * h, 0) {
    for (const Item& item : furniture) {
      sprites.push_back(DrawSprite(street, item));
      if (sprites.back().width <= 0 || sprites.back().height <= 0) sprites.pop_back();
    }
  }

  std::vector<TrueObject> Draw(uint64_t frame, bool with_picture);

 private:
  void PrepareGround(const std::vector<Actor>& actors, const Light& light);
  void DrawActor(const Actor& actor, const Light& light, bool with_picture);
  void LaySprite(const Sprite& sprite, const Light& light, bool with_picture);
  bool Measure(const Actor& actor, uint8_t number, TrueObject& object);
  int CountOwned(const TrueObject& object, uint8_t number) const;
};

void Scene::State::PrepareGround(const std::vector<Actor>& actors, const Light& light) {
  if (!backdrop) {
    backdrop = std::make_unique<Backdrop>(street, seed);
    picture = Picture(width, height);
    shadow.assign(owner.size(), 0);
  }
  backdrop->Follow(light, furniture);
  std::memset(shadow.data(), 0, shadow.size());
  canvas.SetTargets(nullptr, shadow.data(), nullptr);
  const Pen pen(street.view, light, {}, canvas);
  if (light.sun.r > 0.02f) {
    for (const Actor& actor : actors) {
      if (PoseOf(street.view, actor).foot.z > 6)
        KindOf(actor.label).shadow(pen, actor, Paint(Rgb{}));
    }
  }
  backdrop->Paint(light, shadow, picture);
}

void Scene::State::DrawActor(const Actor& actor, const Light& light, bool with_picture) {
  const Pose pose = PoseOf(street.view, actor);
  const Vec2 foot = street.view.Project(pose.foot);
  Spot spot;
  if (with_picture) {
    spot = {backdrop->SunlitAt(foot), backdrop->LamplitAt(foot)};
    // Ambient light is weaker right under a figure, also when no sun shines.
    canvas.SetTargets(&picture, nullptr, nullptr);
    const Extent e = KindOf(actor.label).extent(actor);
    const float scale = street.view.PixelsPerMetre(pose.foot.z);
    const float flat = street.view.height / pose.foot.z;
    const float reach = actor.label == Label::kPerson ? 0.32f : e.ahead;
    const float rx =
        (std::fabs(pose.forward.x) * reach + std::fabs(pose.right.x) * e.half_width * 0.8f) * scale;
    const float ry =
        (std::fabs(pose.forward.z) * reach + std::fabs(pose.right.z) * e.half_width * 0.8f) *
        scale * flat;
    for (const float k : {1.0f, 0.9f, 0.8f, 0.7f, 0.6f}) {
      canvas.Ellipse(foot, rx * k, std::max(1.0f, ry * k), Paint(Rgb{}, Rgb{}, 0.07f));
    }
  }
  canvas.SetTargets(with_picture ? &picture : nullptr, nullptr, &silhouette);
  KindOf(actor.label).draw(Pen(street.view, light, spot, canvas), actor);
}

/// Counts the figure's pixels, finds its box, and takes the pixels over in the owner map.
bool Scene::State::Measure(const Actor& actor, uint8_t number, TrueObject& object) {
  int all = 0, left = width, right = -1, top = height, bottom = -1;
  for (int y = 0; y < silhouette.height; ++y) {
    const uint8_t* row = &silhouette.covered[static_cast<size_t>(y) * silhouette.width];
    const int picture_y = y + silhouette.top;
    for (int x = 0; x < silhouette.width; ++x) {
      if (row[x] == 0) continue;
      ++all;
      const int picture_x = x + silhouette.left;
      if (picture_x < 0 || picture_x >= width || picture_y < 0 || picture_y >= height) continue;
      owner[static_cast<size_t>(picture_y) * width + picture_x] = number;
      left = std::min(left, picture_x);
      right = std::max(right, picture_x);
      top = std::min(top, picture_y);
      bottom = std::max(bottom, picture_y);
    }
  }
  if (right < left) return false;
  object = {actor.id,
            actor.label,
            left,
            top,
            right - left + 1,
            bottom - top + 1,
            static_cast<float>(all)};
  return true;
}

int Scene::State::CountOwned(const TrueObject& object, uint8_t number) const {
  int count = 0;
  for (int y = object.top; y < object.top + object.height; ++y) {
    const uint8_t* row = &owner[static_cast<size_t>(y) * width + object.left];
    count += static_cast<int>(std::count(row, row + object.width, number));
  }
  return count;
}

void Scene::State::LaySprite(const Sprite& sprite, const Light& light, bool with_picture) {
  const View& view = street.view;
  const Vec2 foot = view.Project(view.FromStreet(sprite.u, sprite.v));
  Rgb gain = light.ambient;
  if (with_picture) {
    gain = gain + light.sun * (0.6f * backdrop->SunlitAt(foot)) +
           light.lamp * backdrop->LamplitAt(foot);
  }
  const int gains[3] = {static_cast<int>(gain.r * 256), static_cast<int>(gain.g * 256),
                        static_cast<int>(gain.b * 256)};
  for (int y = 0; y < sprite.height; ++y) {
    const size_t from = static_cast<size_t>(y) * sprite.width;
    const size_t to = static_cast<size_t>(sprite.top + y) * width + sprite.left;
    for (int x = 0; x < sprite.width; ++x) {
      const int alpha = sprite.alpha[from + x];
      if (alpha == 0) continue;
      if (alpha >= 128) owner[to + x] = 0;
      if (!with_picture) continue;
      for (int c = 0; c < 3; ++c) {
        // The sprite's colours are already weighted by its coverage.
        uint8_t& p = picture.plane[c][to + x];
        p = static_cast<uint8_t>(std::min(
            255, (p * (255 - alpha)) / 255 + ((sprite.color[c][from + x] * gains[c]) >> 8)));
      }
    }
  }
}

std::vector<TrueObject> Scene::State::Draw(uint64_t frame, bool with_picture) {
  const double seconds = static_cast<double>(frame) / fps;
  const std::vector<Actor> actors = ActorsAt(street, seed, seconds);
  const Light light = LightAt(seed, seconds);
  if (with_picture) PrepareGround(actors, light);
  std::memset(owner.data(), 0, owner.size());

  std::vector<Drawable> order;
  for (const Actor& actor : actors) order.push_back({actor.v, std::fabs(actor.u), &actor, nullptr});
  for (const Sprite& sprite : sprites)
    order.push_back({sprite.v, std::fabs(sprite.u), nullptr, &sprite});
  std::stable_sort(order.begin(), order.end(), IsBehind);

  std::vector<TrueObject> objects;
  for (const Drawable& drawable : order) {
    if (drawable.sprite != nullptr) {
      LaySprite(*drawable.sprite, light, with_picture);
      continue;
    }
    if (!Bounds(street.view, *drawable.actor, silhouette)) continue;
    DrawActor(*drawable.actor, light, with_picture);
    TrueObject object;
    const auto number = static_cast<uint8_t>(objects.size() + 1);
    if (number < 255 && Measure(*drawable.actor, number, object)) objects.push_back(object);
  }
  for (size_t i = 0; i < objects.size(); ++i) {
    objects[i].visible = static_cast<float>(CountOwned(objects[i], static_cast<uint8_t>(i + 1))) /
                         objects[i].visible;
  }
  if (with_picture) noise.Apply(Mix(seed, frame), light.noise, picture);
  return objects;
}

Scene::Scene(uint64_t seed, int width, int height, double fps) {
  if (width < 64 || height < 64 || width > 8192 || height > 8192 || width % 2 != 0 ||
      height % 2 != 0) {
    throw std::invalid_argument("expected an even width and height from 64 to 8192");
  }
  if (!(fps > 0)) throw std::invalid_argument("expected frames per second above 0");
  state_ = std::make_unique<State>(seed, width, height, fps);
}

Scene::~Scene() = default;

int Scene::width() const { return state_->width; }
int Scene::height() const { return state_->height; }

std::vector<TrueObject> Scene::Truth(uint64_t frame) { return state_->Draw(frame, false); }

std::vector<TrueObject> Scene::RenderRgb(uint64_t frame, uint8_t* rgb) {
  auto objects = state_->Draw(frame, true);
  ToRgb(state_->picture, rgb);
  return objects;
}

std::vector<TrueObject> Scene::RenderI420(uint64_t frame, const I420& out) {
  auto objects = state_->Draw(frame, true);
  ToI420(state_->picture, out.y, out.y_stride, out.u, out.u_stride, out.v, out.v_stride);
  return objects;
}

}  // namespace jetfleet::scene
