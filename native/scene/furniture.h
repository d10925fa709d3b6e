// Standing things that hide what passes behind them: lamps, trees, bins, benches, columns.
#pragma once

#include <vector>

#include "canvas.h"
#include "light.h"
#include "street.h"

namespace jetfleet::scene {

enum class Kind { kLamp, kTree, kBin, kBench, kBollard, kSign, kPlanter, kColumn };

struct Item {
  Kind kind;
  float u, v;
  uint64_t looks;
};

/// An item drawn once under even light, to be laid into every frame.
struct Sprite {
  float u = 0, v = 0;
  int left = 0, top = 0, width = 0, height = 0;
  std::vector<uint8_t> color[3], alpha;
};

std::vector<Item> MakeFurniture(const Street& street, uint64_t seed);
Sprite DrawSprite(const Street& street, const Item& item);

/// The item's shadow, as coverage in `shadow`.
void DrawItemShadow(const Street& street, const Light& light, const Item& item, Canvas& shadow);

}  // namespace jetfleet::scene
