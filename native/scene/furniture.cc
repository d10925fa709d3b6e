#include "furniture.h"

#include "body.h"

namespace jetfleet::scene {
namespace {

void AddStrip(std::vector<Item>& items, Dice& dice, const Street& street, float v, float spacing,
              std::initializer_list<Kind> kinds) {
  const float middle = v * street.view.sin_turn / std::max(0.3f, street.view.cos_turn);
  for (float u = -45 + dice.Range(0, spacing); u < 45; u += spacing * dice.Range(0.7f, 1.4f)) {
    const Kind kind = kinds.begin()[dice.Pick(static_cast<int>(kinds.size()))];
    const Vec3 p = street.view.FromStreet(u + middle, v);
    if (p.z > 5 && p.z < 90) items.push_back({kind, u + middle, v, dice.Next()});
  }
}

void Pole(const Pen& pen, Vec3 foot, float height, float radius, Rgb color) {
  pen.Limb(foot, radius, foot + Vec3{0, height, 0}, radius * 0.7f, pen.Round(color));
}

void DrawTree(const Pen& pen, Vec3 foot, Dice& dice) {
  const float height = dice.Range(3.8f, 6);
  pen.Limb(foot, 0.16f, foot + Vec3{0, height * 0.6f, 0}, 0.1f, pen.Round({0.28f, 0.20f, 0.14f}));
  const Rgb leaf = Lerp(Rgb{0.16f, 0.32f, 0.10f}, Rgb{0.38f, 0.42f, 0.14f}, dice.Uniform());
  const float spread = dice.Range(1.0f, 1.6f);
  for (int i = 0; i < 70; ++i) {
    const float a = dice.Range(0, 2 * kPi), r = spread * std::sqrt(dice.Uniform());
    const float up = height * 0.72f + dice.Range(-1, 1) * 0.28f * height *
                                          std::sqrt(std::max(0.05f, 1 - r * r / (spread * spread)));
    const float bright =
        0.65f + 0.5f * Clamp01((up / height - 0.45f) * 1.6f) + dice.Range(-0.12f, 0.12f);
    pen.Ball(foot + Vec3{r * std::cos(a), up, r * std::sin(a) * 0.4f}, dice.Range(0.18f, 0.42f),
             Paint(leaf * bright));
  }
}

void DrawBox(const Pen& pen, Vec3 foot, float w, float d, float y0, float y1, Rgb color) {
  const Vec3 f[4] = {foot + Vec3{-w, y0, -d}, foot + Vec3{-w, y1, -d}, foot + Vec3{w, y1, -d},
                     foot + Vec3{w, y0, -d}};
  const Vec3 t[4] = {foot + Vec3{-w, y1, -d}, foot + Vec3{-w, y1, d}, foot + Vec3{w, y1, d},
                     foot + Vec3{w, y1, -d}};
  pen.Face(t, 4, Paint(color * 1.05f));
  pen.Face(f, 4, Paint(color * 0.85f, color * 0.7f));
}

void DrawItem(const Pen& pen, Vec3 foot, const Item& item) {
  Dice dice(item.looks);
  const Rgb metal{0.22f, 0.24f, 0.25f};
  switch (item.kind) {
    case Kind::kLamp:
      Pole(pen, foot, 4.6f, 0.075f, metal);
      pen.Limb(foot + Vec3{0, 4.6f, 0}, 0.05f, foot + Vec3{0.7f, 4.8f, 0}, 0.05f, pen.Round(metal));
      pen.Limb(foot + Vec3{0.6f, 4.78f, 0}, 0.09f, foot + Vec3{0.95f, 4.8f, 0}, 0.09f,
               Paint(Rgb{0.85f, 0.85f, 0.8f}));
      return;
    case Kind::kTree:
      return DrawTree(pen, foot, dice);
    case Kind::kBin:
      pen.Limb(foot + Vec3{0, 0.25f, 0}, 0.24f, foot + Vec3{0, 0.75f, 0}, 0.26f,
               pen.Round({0.16f, 0.28f, 0.2f}));
      pen.Limb(foot + Vec3{-0.1f, 0.95f, 0}, 0.07f, foot + Vec3{0.1f, 0.95f, 0}, 0.07f,
               pen.Round(metal));
      return;
    case Kind::kBench:
      DrawBox(pen, foot + Vec3{-0.7f, 0, 0}, 0.05f, 0.2f, 0, 0.42f, metal);
      DrawBox(pen, foot + Vec3{0.7f, 0, 0}, 0.05f, 0.2f, 0, 0.42f, metal);
      DrawBox(pen, foot + Vec3{0, 0, 0.2f}, 0.9f, 0.03f, 0.55f, 0.85f, {0.42f, 0.28f, 0.16f});
      DrawBox(pen, foot, 0.9f, 0.22f, 0.40f, 0.46f, {0.45f, 0.30f, 0.17f});
      return;
    case Kind::kBollard:
      Pole(pen, foot, 0.85f, 0.07f, metal);
      pen.Ball(foot + Vec3{0, 0.9f, 0}, 0.08f, pen.Round({0.7f, 0.7f, 0.65f}));
      return;
    case Kind::kSign:
      Pole(pen, foot, 2.5f, 0.035f, {0.5f, 0.5f, 0.52f});
      pen.Ball(foot + Vec3{0, 2.5f, -0.02f}, 0.3f,
               Paint(dice.Chance(0.5f) ? Rgb{0.7f, 0.08f, 0.08f} : Rgb{0.1f, 0.25f, 0.65f}));
      pen.Ball(foot + Vec3{0, 2.5f, -0.03f}, 0.2f, Paint(Rgb{0.85f, 0.85f, 0.85f}));
      return;
    case Kind::kPlanter:
      DrawBox(pen, foot, 0.7f, 0.35f, 0, 0.55f, {0.50f, 0.47f, 0.43f});
      for (int i = 0; i < 16; ++i) {
        pen.Ball(foot + Vec3{dice.Range(-0.6f, 0.6f), dice.Range(0.6f, 0.9f), 0},
                 dice.Range(0.1f, 0.2f), Paint(Rgb{0.2f, 0.38f, 0.14f} * dice.Range(0.7f, 1.3f)));
      }
      return;
    case Kind::kColumn:
      DrawBox(pen, foot, 0.5f, 0.5f, 0, 2.6f, {0.30f, 0.36f, 0.35f});
      DrawBox(pen, foot, 0.6f, 0.6f, 2.6f, 2.8f, {0.22f, 0.26f, 0.26f});
      DrawBox(pen, foot + Vec3{0, 0, -0.51f}, 0.42f, 0, 0.6f, 2.2f,
              Rgb{dice.Range(0.3f, 0.9f), dice.Range(0.3f, 0.9f), dice.Range(0.3f, 0.9f)});
      return;
  }
}

Light EvenLight() {
  Light light;
  light.ambient = {1, 1, 1};
  light.to_sun = {0, 1, 0};
  return light;
}

float HeightOf(Kind kind) {
  switch (kind) {
    case Kind::kLamp:
      return 5.1f;
    case Kind::kTree:
      return 7.6f;
    case Kind::kSign:
      return 2.9f;
    case Kind::kColumn:
      return 3;
    default:
      return 1.2f;
  }
}

}  // namespace

std::vector<Item> MakeFurniture(const Street& street, uint64_t seed) {
  Dice dice(Mix(seed, 0x71));
  std::vector<Item> items;
  using K = Kind;
  AddStrip(items, dice, street, street.plaza_v, dice.Range(10, 20),
           {K::kBench, K::kBin, K::kPlanter, K::kPlanter, K::kColumn, K::kBollard});
  AddStrip(items, dice, street, street.near_furniture_v, dice.Range(6, 12),
           {K::kLamp, K::kTree, K::kBin, K::kSign, K::kBollard, K::kBollard, K::kPlanter});
  AddStrip(items, dice, street, street.far_furniture_v, dice.Range(4, 9),
           {K::kLamp, K::kTree, K::kTree, K::kBin, K::kSign, K::kBollard});
  return items;
}

Sprite DrawSprite(const Street& street, const Item& item) {
  const View& view = street.view;
  const Vec3 foot = view.FromStreet(item.u, item.v);
  const float scale = view.PixelsPerMetre(foot.z);
  const Vec2 base = view.Project(foot);
  Sprite sprite;
  sprite.u = item.u;
  sprite.v = item.v;
  const auto clamp = [](float x, int most) { return std::clamp(static_cast<int>(x), 0, most); };
  sprite.left = clamp(base.x - 2.2f * scale, view.width);
  sprite.top = clamp(base.y - HeightOf(item.kind) * scale, view.picture_height);
  sprite.width = clamp(base.x + 2.2f * scale + 1, view.width) - sprite.left;
  sprite.height = clamp(base.y + 0.5f * scale + 2, view.picture_height) - sprite.top;
  if (sprite.width <= 0 || sprite.height <= 0) return sprite;
  Picture picture(view.width, view.picture_height);
  std::vector<uint8_t> alpha(picture.plane[0].size(), 0);
  Canvas canvas(view.width, view.picture_height);
  canvas.SetTargets(&picture, alpha.data(), nullptr);
  const Light light = EvenLight();
  DrawItem(Pen(view, light, {}, canvas), foot, item);
  for (int y = 0; y < sprite.height; ++y) {
    const size_t at = static_cast<size_t>(sprite.top + y) * view.width + sprite.left;
    for (int c = 0; c < 3; ++c) {
      const uint8_t* row = &picture.plane[c][at];
      sprite.color[c].insert(sprite.color[c].end(), row, row + sprite.width);
    }
    sprite.alpha.insert(sprite.alpha.end(), &alpha[at], &alpha[at] + sprite.width);
  }
  return sprite;
}

void DrawItemShadow(const Street& street, const Light& light, const Item& item, Canvas& shadow) {
  const Pen pen(street.view, light, {}, shadow);
  const Vec3 foot = street.view.FromStreet(item.u, item.v);
  const Paint paint(Rgb{});
  const auto line = [&](float y0, float y1, float radius) {
    const Vec3 a = OnGround(pen, foot + Vec3{0, y0, 0}), b = OnGround(pen, foot + Vec3{0, y1, 0});
    if (a.z > 2 && b.z > 2) pen.Limb(a, radius, b, radius, paint);
  };
  if (item.kind == Kind::kTree) {
    line(0, 3, 0.13f);
    line(3.0f, 4.6f, 1.2f);
  } else {
    line(0, HeightOf(item.kind) * 0.9f,
         item.kind == Kind::kColumn    ? 0.55f
         : item.kind == Kind::kPlanter ? 0.5f
                                       : 0.09f);
  }
}

}  // namespace jetfleet::scene
