#include "core/decode/merge_parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace jetfleet {
namespace {

constexpr Size kPicture = {200, 100};
constexpr float kMaxIou = 0.45F;
/// Two halves that share 20 columns.
const Box kLeft = {0, 0, 110, 100};
const Box kRight = {90, 0, 110, 100};

bool IsSame(const Detection& a, const Detection& b) {
  return a.label == b.label && a.score == b.score && a.box.left == b.box.left &&
         a.box.top == b.box.top && a.box.width == b.box.width && a.box.height == b.box.height;
}

void ExpectSame(const std::vector<Detection>& found, const std::vector<Detection>& expected,
                const char* what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_TRUE(IsSame(found[i], expected[i]))
        << what << " " << i << ": " << found[i].box.left << " " << found[i].box.top << " "
        << found[i].box.width << " " << found[i].box.height << " " << found[i].score;
  }
}

TEST(MergeParts, CountsWhatTwoPartsSawOnce) {
  struct Case {
    const char* what;
    std::vector<Detection> left;
    std::vector<Detection> right;
    std::vector<Detection> merged;
  };
  for (const Case& one : std::vector<Case>{
           {"nothing", {}, {}, {}},
           {"seen by one alone, best first",
            {{{10, 10, 20, 20}, 0.6F, 0}},
            {{{150, 10, 20, 20}, 0.8F, 0}},
            {{{150, 10, 20, 20}, 0.8F, 0}, {{10, 10, 20, 20}, 0.6F, 0}}},
           {"seen by both: the better one",
            {{{95, 40, 10, 20}, 0.7F, 0}},
            {{{96, 41, 10, 20}, 0.8F, 0}},
            {{{96, 41, 10, 20}, 0.8F, 0}}},
           {"of two labels, two objects",
            {{{95, 40, 10, 20}, 0.7F, 0}},
            {{{95, 40, 10, 20}, 0.8F, 1}},
            {{{95, 40, 10, 20}, 0.8F, 1}, {{95, 40, 10, 20}, 0.7F, 0}}},
           {"cut on the left, whole on the right",
            {{{94, 40, 16, 20}, 0.7F, 0}},
            {{{94, 40, 60, 20}, 0.8F, 0}},
            {{{94, 40, 60, 20}, 0.8F, 0}}},
           {"… and the piece better: the whole box with its score",
            {{{94, 40, 16, 20}, 0.9F, 0}},
            {{{94, 40, 60, 20}, 0.5F, 0}},
            {{{94, 40, 60, 20}, 0.9F, 0}}},
           {"a piece does not lend its score to what nobody believes in",
            {{{94, 40, 16, 20}, 0.9F, 0}},
            {{{94, 40, 60, 20}, 0.1F, 0}},
            {{{94, 40, 16, 20}, 0.9F, 0}, {{94, 40, 60, 20}, 0.1F, 0}}},
           {"cut by both: the larger piece",
            {{{20, 40, 90, 20}, 0.7F, 0}},
            {{{90, 40, 25, 20}, 0.8F, 0}},
            {{{20, 40, 90, 20}, 0.8F, 0}}},
           {"a small one before a large one is not what was cut off it",
            {{{96, 40, 10, 20}, 0.7F, 0}},
            {{{94, 20, 60, 60}, 0.8F, 0}},
            {{{94, 20, 60, 60}, 0.8F, 0}, {{96, 40, 10, 20}, 0.7F, 0}}},
           {"the edge of the picture cuts nothing off",
            {{{0, 40, 30, 20}, 0.9F, 0}, {{94, 80, 10, 20}, 0.7F, 0}},
            {{{94, 40, 60, 60}, 0.8F, 0}},
            {{{0, 40, 30, 20}, 0.9F, 0}, {{94, 40, 60, 60}, 0.8F, 0}, {{94, 80, 10, 20}, 0.7F, 0}}},
           {"what one part told apart stays apart",
            {{{20, 40, 20, 20}, 0.7F, 0}, {{22, 40, 20, 20}, 0.6F, 0}},
            {},
            {{{20, 40, 20, 20}, 0.7F, 0}, {{22, 40, 20, 20}, 0.6F, 0}}},
       }) {
    ExpectSame(MergeParts({{kLeft, one.left}, {kRight, one.right}}, kPicture, kMaxIou), one.merged,
               one.what);
  }
}

std::vector<Detection> SomeBoxes(std::mt19937* random, const Box& area) {
  std::uniform_real_distribution<float> unit(0, 1);
  std::vector<Detection> boxes((*random)() % 8);
  for (Detection& one : boxes) {
    one.box.width = (0.05F + 0.5F * unit(*random)) * area.width;
    one.box.height = (0.05F + 0.5F * unit(*random)) * area.height;
    // Now and then at the edge, and now and then as sure as another.
    const float share = std::min(1.0F, 1.2F * unit(*random));
    one.box.left = area.left + share * (area.width - one.box.width);
    one.box.top = area.top + unit(*random) * (area.height - one.box.height);
    one.score = static_cast<float>(1 + (*random)() % 9) / 10;
    one.label = static_cast<int>((*random)() % 2);
  }
  return boxes;
}

std::vector<Detection> Sorted(std::vector<Detection> boxes) {
  const auto key = [](const Detection& one) {
    return std::make_tuple(-one.score, one.label, one.box.left, one.box.top, one.box.width);
  };
  std::sort(boxes.begin(), boxes.end(),
            [&](const Detection& a, const Detection& b) { return key(a) < key(b); });
  return boxes;
}

TEST(MergeParts, DoesNotMindTheirOrder) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::vector<SeenPart> parts;
    for (const Box& area : {kLeft, kRight, Box{0, 0, 200, 60}, Box{50, 30, 100, 70}}) {
      parts.push_back({area, SomeBoxes(&random, area)});
    }
    // What several saw alike must not depend on who is asked first either.
    if (!parts[0].boxes.empty()) parts[2].boxes.push_back(parts[0].boxes.front());
    const auto merged = MergeParts(parts, kPicture, kMaxIou);
    std::shuffle(parts.begin(), parts.end(), random);
    for (SeenPart& part : parts) std::shuffle(part.boxes.begin(), part.boxes.end(), random);
    ExpectSame(MergeParts(parts, kPicture, kMaxIou), merged, "in another order");
  }
}

TEST(MergeParts, LeavesAloneWhatPartsThatDoNotOverlapSaw) {
  std::mt19937 random(8);
  for (int round = 0; round < 200; ++round) {
    const Box one = {0, 0, 80, 100};
    const Box other = {100, 20, 100, 80};
    const std::vector<Detection> left = SomeBoxes(&random, one);
    const std::vector<Detection> right = SomeBoxes(&random, other);
    std::vector<Detection> all = left;
    all.insert(all.end(), right.begin(), right.end());
    ExpectSame(Sorted(MergeParts({{one, left}, {other, right}}, kPicture, kMaxIou)), Sorted(all),
               "apart");
  }
}

TEST(MergeParts, TakesPartsThatAreTheSameAsOne) {
  std::mt19937 random(9);
  for (int round = 0; round < 200; ++round) {
    const std::vector<Detection> boxes = SomeBoxes(&random, kLeft);
    ExpectSame(
        Sorted(MergeParts({{kLeft, boxes}, {kLeft, boxes}, {kLeft, boxes}}, kPicture, kMaxIou)),
        Sorted(boxes), "three times");
  }
}

}  // namespace
}  // namespace jetfleet
