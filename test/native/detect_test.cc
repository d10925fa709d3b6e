#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/decode/nms.h"
#include "core/decode/yolox.h"

namespace jetfleet {
namespace {

std::unique_ptr<YoloxDecoder> DecoderFor64(std::size_t labels) {
  std::unique_ptr<YoloxDecoder> decoder;
  const Status status = YoloxDecoder::Create(
      {1, 3, 64, 64}, {1, 84, static_cast<std::int64_t>(5 + labels)}, {"yolox", labels}, &decoder);
  EXPECT_TRUE(status.ok()) << status.message;
  return decoder;
}

std::vector<Detection> DecodeWith(const YoloxDecoder& decoder, const std::vector<float>& output,
                                  float min_score) {
  std::vector<Detection> found;
  decoder.DecodeCells(output.data(), min_score, &found);
  return found;
}

std::vector<Detection> Suppress(std::vector<Detection> detections, float max_iou) {
  SuppressNonMaxima(max_iou, &detections);
  return detections;
}

TEST(Yolox, SaysExpectedAndGotWhenLabelsDoNotFit) {
  std::unique_ptr<YoloxDecoder> decoder;
  const Status status =
      YoloxDecoder::Create({1, 3, 416, 416}, {1, 3549, 85}, {"yolox", 3}, &decoder);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("[1,3549,8] for 3 labels"), std::string::npos) << status.message;
  EXPECT_NE(status.message.find("got [1,3549,85]"), std::string::npos) << status.message;
}

TEST(Yolox, RefusesInputsItCannotFill) {
  std::unique_ptr<YoloxDecoder> decoder;
  const std::vector<Shape> inputs = {{0, 3, 64, 64}, {1, 1, 64, 64}, {1, 3, -1, -1},
                                     {1, 3, 60, 64}, {3, 64, 64},    {}};
  for (const auto& input : inputs) {
    EXPECT_EQ(YoloxDecoder::Create(input, {1, 84, 6}, {"yolox", 1}, &decoder).code,
              ErrorCode::kModelInvalid);
  }
}

TEST(Yolox, DecodesACellOfEachStride) {
  const auto decoder = DecoderFor64(2);
  std::vector<float> output(84 * 7, 0.0F);
  // Cell (x 3, y 1) at stride 8; centre offset (0.5, 0.25), 16 × 8 pixels, class 1.
  float* row = &output[(1 * 8 + 3) * 7];
  row[0] = 0.5F;
  row[1] = 0.25F;
  row[2] = std::log(2.0F);
  row[3] = 0;
  row[4] = 0.9F;
  row[5] = 0.1F;
  row[6] = 0.5F;
  // The last cell at stride 32 is (1, 1).
  float* last = &output[83 * 7];
  last[4] = 1;
  last[5] = 0.6F;
  const auto found = DecodeWith(*decoder, output, 0.4F);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_FLOAT_EQ(found[0].box.left, 28 - 8);
  EXPECT_FLOAT_EQ(found[0].box.top, 10 - 4);
  EXPECT_FLOAT_EQ(found[0].box.width, 16);
  EXPECT_FLOAT_EQ(found[0].box.height, 8);
  EXPECT_FLOAT_EQ(found[0].score, 0.45F);
  EXPECT_EQ(found[0].label, 1);
  EXPECT_FLOAT_EQ(found[1].box.left, 32 - 16);
  EXPECT_EQ(found[1].label, 0);
}

TEST(Yolox, IgnoresNumbersThatAreNone) {
  const auto decoder = DecoderFor64(1);
  std::vector<float> output(84 * 6, std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(DecodeWith(*decoder, output, 0.1F).empty());
  std::fill(output.begin(), output.end(), 1.0F);
  for (std::size_t i = 2; i < output.size(); i += 6) output[i] = 1000;  // exp overflows
  EXPECT_TRUE(DecodeWith(*decoder, output, 0.1F).empty());
}

TEST(Nms, KeepsTheBestOfEachLabel) {
  const auto kept = Suppress({{{0, 0, 10, 10}, 0.5F, 0},
                              {{1, 0, 10, 10}, 0.9F, 0},
                              {{1, 0, 10, 10}, 0.6F, 1},
                              {{30, 0, 10, 10}, 0.4F, 0}},
                             0.5F);
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_FLOAT_EQ(kept[0].score, 0.9F);
  EXPECT_EQ(kept[1].label, 1);
  EXPECT_FLOAT_EQ(kept[2].score, 0.4F);
}

TEST(Nms, KeepsBoxesThatOverlapExactlyTheLimit) {
  // IoU is 1/3.
  const std::vector<Detection> two = {{{0, 0, 10, 10}, 0.9F, 0}, {{5, 0, 10, 10}, 0.8F, 0}};
  EXPECT_EQ(Suppress(two, 0.34F).size(), 2U);
  EXPECT_EQ(Suppress(two, 0.33F).size(), 1U);
}

TEST(Nms, PrefersTheEarlierOfEqualScores) {
  const auto kept = Suppress({{{0, 0, 10, 10}, 0.5F, 0}, {{0, 0, 10, 11}, 0.5F, 0}}, 0.5F);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_FLOAT_EQ(kept[0].box.height, 10);
}

TEST(Nms, LeavesNoTwoBoxesOfALabelThatOverlapTooMuch) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> position(0, 100);
  std::vector<Detection> boxes;
  for (int i = 0; i < 400; ++i) {
    boxes.push_back({{position(random), position(random), 20, 20},
                     position(random) / 100,
                     static_cast<int>(random() % 3)});
  }
  const auto kept = Suppress(boxes, 0.45F);
  for (std::size_t a = 0; a < kept.size(); ++a) {
    for (std::size_t b = a + 1; b < kept.size(); ++b) {
      EXPECT_GE(kept[a].score, kept[b].score);
      EXPECT_FALSE(kept[a].label == kept[b].label && Iou(kept[a].box, kept[b].box) > 0.45F);
    }
  }
}

}  // namespace
}  // namespace jetfleet
