#include "core/track/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>

#include "core/track/overlaps.h"

namespace jetfleet {
namespace {

/// Of every row, its columns'.
using Costs = std::vector<std::vector<double>>;

/// Cheapest sum over all partial assignments, leaving a row free for `limit`.
double BruteForce(const Costs& costs, double limit, std::size_t row, std::vector<bool>* taken) {
  if (row == costs.size()) return 0;
  double best = limit + BruteForce(costs, limit, row + 1, taken);
  for (std::size_t column = 0; column < costs[row].size(); ++column) {
    if ((*taken)[column]) continue;
    (*taken)[column] = true;
    best = std::min(best, costs[row][column] + BruteForce(costs, limit, row + 1, taken));
    (*taken)[column] = false;
  }
  return best;
}

PairCosts PairsOf(const Costs& costs, std::size_t columns, double limit) {
  PairCosts pairs(costs.size(), columns, limit);
  for (std::size_t r = 0; r < costs.size(); ++r) {
    for (std::size_t c = 0; c < columns; ++c) pairs.Add(r, c, costs[r][c]);
  }
  return pairs;
}

TEST(Assignment, FindsTheCheapestOfAllAssignmentsHoweverManyPairsMayBe) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> cost(0, 1);
  for (int round = 0; round < 2000; ++round) {
    Costs costs(random() % 7, std::vector<double>(random() % 7));
    const std::size_t columns = costs.empty() ? random() % 7 : costs[0].size();
    for (auto& row : costs) {
      for (double& each : row) each = cost(random);
    }
    const double limit = 0.05 + 0.9 * cost(random);
    const Assignment found = Assign(PairsOf(costs, columns, limit));
    double sum = static_cast<double>(found.free_rows.size()) * limit;
    for (const auto& [r, c] : found.pairs) {
      EXPECT_LT(costs[r][c], limit);
      sum += costs[r][c];
    }
    std::vector<bool> taken(columns, false);
    EXPECT_NEAR(sum, BruteForce(costs, limit, 0, &taken), 1e-9);
    EXPECT_EQ(found.pairs.size() + found.free_rows.size(), costs.size());
    EXPECT_EQ(found.pairs.size() + found.free_columns.size(), columns);
  }
}

TEST(Overlaps, AreThoseOfAllPairsThatShareArea) {
  std::mt19937 random(13);
  std::uniform_real_distribution<float> place(-50, 250);
  std::exponential_distribution<float> side(0.05F);
  const auto boxes = [&](std::size_t count) {
    std::vector<Box> made(count);
    for (Box& box : made) box = {place(random), place(random), side(random), side(random)};
    return made;
  };
  for (int round = 0; round < 300; ++round) {
    const std::vector<Box> first = boxes(random() % 30);
    const std::vector<Box> second = boxes(random() % 30);
    std::vector<std::array<double, 3>> expected;
    for (std::size_t a = 0; a < first.size(); ++a) {
      for (std::size_t b = 0; b < second.size(); ++b) {
        const float iou = Iou(first[a], second[b]);
        if (iou > 0) expected.push_back({double(a), double(b), iou});
      }
    }
    std::vector<std::array<double, 3>> found;
    for (const auto& [a, b, iou] : OverlapsOf(first, second)) {
      found.push_back({double(a), double(b), iou});
    }
    EXPECT_EQ(found, expected);
  }
}

TEST(Overlaps, AreNoneOfABoxThatIsNoNumberOrHasNoArea) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const Box whole{0, 0, 10, 10};
  const std::vector<Box> boxes = {
      {nan, 0, 10, 10}, {0, nan, 10, 10}, {0, 0, nan, 10},        {0, 0, 10, nan},
      {0, 0, 0, 10},    {0, 0, 10, -1},   {-infinity, 0, 10, 10}, whole};
  const auto found = OverlapsOf(boxes, boxes);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].first, 7U);
  EXPECT_EQ(found[0].second, 7U);
  EXPECT_EQ(found[0].iou, 1);
}

}  // namespace
}  // namespace jetfleet
