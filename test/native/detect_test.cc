#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "core/decode/nms.h"
#include "core/decode/output_decoder.h"
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

constexpr int kFastLabels = 3;
constexpr int kFastGrid = 6;  // of 96 pixels
constexpr int kFastCells = kFastGrid * kFastGrid;

TensorInfo FloatInfo(const char* name, const Shape& shape) {
  TensorInfo info;
  info.name = name;
  info.type = "float32";
  info.element = ElementType::kFloat32;
  info.shape = info.min = info.max = shape;
  return info;
}

Status BindFast(const Shape& input, const Shape& output, std::unique_ptr<OutputDecoder>* decoder) {
  return BindDecoder({"fastestdet", kFastLabels, 0.45F},
                     {{FloatInfo("input", input)}, {FloatInfo("output", output)}}, decoder);
}

/// The reference's arithmetic once more: dense, in double, from [5+C][H][W] to boxes of the picture
/// as parts of it, with a suppression of its own.
std::vector<Detection> ReferenceFast(const std::vector<float>& output, double min_score,
                                     Size picture) {
  struct Found {
    double x1, y1, x2, y2, score;
    int label;
  };
  std::vector<Found> all;
  for (int y = 0; y < kFastGrid; ++y) {
    for (int x = 0; x < kFastGrid; ++x) {
      const auto at = [&](int channel) {
        return static_cast<double>(
            output[static_cast<std::size_t>((channel * kFastGrid + y) * kFastGrid + x)]);
      };
      int label = 0;
      for (int i = 1; i < kFastLabels; ++i) label = at(5 + i) > at(5 + label) ? i : label;
      const double score = std::pow(at(0), 0.6) * std::pow(at(5 + label), 0.4);
      if (score < min_score) continue;
      const auto sigmoid = [](double value) { return 1 / (1 + std::exp(-value)); };
      const double cx = (x + std::tanh(at(1))) / kFastGrid;
      const double cy = (y + std::tanh(at(2))) / kFastGrid;
      const double w = sigmoid(at(3));
      const double h = sigmoid(at(4));
      all.push_back({cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, label});
    }
  }
  const auto overlap = [](const Found& a, const Found& b) {
    const double w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
    const double h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
    const double both = w > 0 && h > 0 ? w * h : 0;
    return both / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - both);
  };
  std::vector<Detection> kept;
  while (!all.empty()) {
    const Found best = *std::max_element(
        all.begin(), all.end(), [](const Found& a, const Found& b) { return a.score < b.score; });
    kept.push_back(
        {{static_cast<float>(best.x1 * picture.width), static_cast<float>(best.y1 * picture.height),
          static_cast<float>((best.x2 - best.x1) * picture.width),
          static_cast<float>((best.y2 - best.y1) * picture.height)},
         static_cast<float>(best.score),
         best.label});
    const auto goes = [&](const Found& one) {
      return one.label == best.label && overlap(best, one) > 0.45;
    };
    all.erase(std::remove_if(all.begin(), all.end(), goes), all.end());
  }
  return kept;
}

TEST(FastestDet, SaysWhatTheReferencesArithmeticSays) {
  std::unique_ptr<OutputDecoder> decoder;
  const Status bound = BindFast({1, 3, 96, 96}, {1, 5 + kFastLabels, 6, 6}, &decoder);
  ASSERT_TRUE(bound.ok()) << bound.message;
  EXPECT_EQ(decoder->preprocess().channels, PreprocessSpec::Channels::kBgr);
  EXPECT_EQ(decoder->preprocess().fit, PreprocessSpec::Fit::kStretch);
  EXPECT_NEAR(decoder->preprocess().scale[1] * 255, 1, 1e-6);
  TensorDesc desc;
  desc.shape = {1, 5 + kFastLabels, kFastGrid, kFastGrid};
  const Size picture{1920, 1080};
  const Placement placement = Placement::Of(decoder->preprocess(), picture, decoder->input());
  std::size_t boxes = 0;
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> raw(-4, 4);
    std::uniform_real_distribution<float> probability(0, 1);
    std::vector<float> output((5 + kFastLabels) * kFastCells);
    for (std::size_t i = 0; i < output.size(); ++i) {
      const std::size_t channel = i / kFastCells;
      output[i] = channel >= 1 && channel <= 4 ? raw(random) : probability(random);
    }
    const BufferRef buffer = MakeHostBuffer(output.size() * sizeof(float));
    std::copy(output.begin(), output.end(), reinterpret_cast<float*>(buffer->MapToHost(0)));
    std::vector<Detection> found;
    decoder->Decode({TensorView(desc, buffer)}, 0, placement, 0.3F, &found);
    const std::vector<Detection> expected = ReferenceFast(output, 0.3, picture);
    ASSERT_EQ(found.size(), expected.size()) << "seed " << seed;
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].label, expected[i].label);
      EXPECT_NEAR(found[i].score, expected[i].score, 1e-5);
      EXPECT_GT(Iou(found[i].box, expected[i].box), 0.9999F);
    }
    boxes += found.size();
  }
  EXPECT_GT(boxes, 500U);
}

TEST(FastestDet, RefusesModelsOfOtherShapes) {
  std::unique_ptr<OutputDecoder> decoder;
  const std::vector<std::pair<Shape, Shape>> others = {
      {{1, 3, 96, 96}, {1, 9, 6, 6}},  {{1, 3, 96, 96}, {1, 36, 8}},
      {{1, 3, 100, 96}, {1, 8, 6, 6}}, {{1, 1, 96, 96}, {1, 8, 6, 6}},
      {{1, 3, -1, -1}, {1, 8, 6, 6}},
  };
  for (const auto& [input, output] : others) {
    const Status status = BindFast(input, output, &decoder);
    EXPECT_EQ(status.code, ErrorCode::kModelInvalid) << input.Text() << output.Text();
    EXPECT_NE(status.message.find("fastestdet"), std::string::npos) << status.message;
  }
  EXPECT_TRUE(BindFast({-1, 3, 96, 96}, {-1, 8, 6, 6}, &decoder).ok()) << "an open batch";
}

TEST(FastestDet, IgnoresNumbersThatAreNone) {
  std::unique_ptr<OutputDecoder> decoder;
  ASSERT_TRUE(BindFast({1, 3, 96, 96}, {1, 8, 6, 6}, &decoder).ok());
  TensorDesc desc;
  desc.shape = {1, 8, 6, 6};
  const BufferRef buffer = MakeHostBuffer(desc.bytes());
  auto* const values = reinterpret_cast<float*>(buffer->MapToHost(0));
  std::fill(values, values + 8 * kFastCells, std::numeric_limits<float>::quiet_NaN());
  std::fill(values, values + 6, -1.0F);  // a score below zero has no power
  std::vector<Detection> found;
  decoder->Decode({TensorView(desc, buffer)}, 0, Placement::Of({}, {96, 96}, {96, 96}), 0.3F,
                  &found);
  EXPECT_TRUE(found.empty());
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
