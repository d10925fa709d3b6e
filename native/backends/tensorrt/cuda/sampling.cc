#include "backends/tensorrt/cuda/sampling.h"

#include <cstdint>

namespace jetfleet::cuda {
namespace {

using kernels::PlaneSampling;

constexpr int kOne = 1 << 16;
constexpr int kHalf = 1 << 15;

enum class Filter { kNone, kColumns, kBoth };

/// Which directions are worth mixing.
Filter FilterFor(Size from, Size to) {
  if (from.width == 1) return Filter::kNone;
  const bool rows = from.height > 1 && to.height != from.height && to.height * 3 != from.height;
  if (rows) return Filter::kBoth;
  const bool columns = to.width != from.width && to.width * 3 != from.width;
  return columns ? Filter::kColumns : Filter::kNone;
}

int Ratio(int from, int to) {
  return static_cast<int>((static_cast<std::int64_t>(from) << 16) / to);
}

/// The last sample falls on the last one of the source.
int RatioToTheEdge(int from, int to) {
  return static_cast<int>(((static_cast<std::int64_t>(from) << 16) - (kOne + 1)) / (to - 1));
}

struct Slope {
  int start = 0;
  int step = 0;
};

/// Samples at pixels' centres when there are fewer than before, from edge to edge else.
Slope Mixed(int from, int to) {
  if (to <= from) {
    const int step = Ratio(from, to);
    return {(step >> 1) - kHalf, step};
  }
  if (from > 1 && to > 1) return {0, RatioToTheEdge(from, to)};
  return {};
}

Slope Nearest(int from, int to) {
  const int step = Ratio(from, to);
  return {step >> 1, step};
}

void SetSlopes(Filter filter, PlaneSampling* plan) {
  const Slope across = filter == Filter::kNone ? Nearest(plan->width, plan->to_width)
                                               : Mixed(plan->width, plan->to_width);
  const Slope down = filter == Filter::kBoth ? Mixed(plan->height, plan->to_height)
                                             : Nearest(plan->height, plan->to_height);
  plan->x = across.start;
  plan->dx = across.step;
  plan->y = down.start;
  plan->dy = down.step;
  plan->last_y = (plan->height - 1) << 16;
  plan->mixes_rows = filter == Filter::kBoth ? 1 : 0;
  plan->sampling = filter == Filter::kNone ? kernels::kPoint : kernels::kRowsFirst;
}

void OnlyRows(Slope down, PlaneSampling* plan) {
  plan->sampling = kernels::kRowsOnly;
  plan->y = down.start;
  plan->dy = down.step;
  plan->last_y = plan->height > 1 ? ((plan->height - 1) << 16) - 1 : 0;
}

/// Only columns are doubled; rows are the nearest.
void DoubleColumns(PlaneSampling* plan) {
  plan->sampling = kernels::kDoubleColumns;
  if (plan->to_height == 1) {
    plan->y = ((plan->height - 1) / 2) << 16;
    plan->dy = 0;
  } else {
    plan->y = kHalf - 1;
    plan->dy = Ratio(plan->height - 1, plan->to_height - 1);
  }
}

bool Doubles(int from, int to) { return (to + 1) / 2 == from; }

void Choose(Filter filter, PlaneSampling* plan) {
  const bool smaller = plan->to_width <= plan->width && plan->to_height <= plan->height &&
                       (plan->to_width < plan->width || plan->to_height < plan->height);
  if (smaller && plan->width >= 2 && plan->height >= 2) {
    plan->sampling = kernels::kCentred;
    return;
  }
  if (plan->to_width == plan->width) {
    if (plan->to_height == plan->height) {
      plan->sampling = kernels::kPoint;
      return;
    }
    OnlyRows(Mixed(plan->height, plan->to_height), plan);
    plan->x = 0;
    plan->mixes_rows = filter == Filter::kNone ? 0 : 1;
    return;
  }
  if (Doubles(plan->width, plan->to_width) && filter == Filter::kColumns) {
    DoubleColumns(plan);
  } else if (Doubles(plan->width, plan->to_width) && Doubles(plan->height, plan->to_height) &&
             filter == Filter::kBoth) {
    plan->sampling = kernels::kDouble;
  } else if (filter != Filter::kNone && plan->to_height > plan->height) {
    plan->sampling = kernels::kColumnsFirst;
  }
}

}  // namespace

PlaneSampling PlanSampling(Size from, Size to) {
  PlaneSampling plan{};
  plan.width = from.width;
  plan.height = from.height;
  plan.to_width = to.width;
  plan.to_height = to.height;
  const Filter filter = FilterFor(from, to);
  SetSlopes(filter, &plan);
  Choose(filter, &plan);
  return plan;
}

}  // namespace jetfleet::cuda
