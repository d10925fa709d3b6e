#include "core/decode/families.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "core/decode/numbers.h"
#include "core/infer/real_pictures.h"
#include "core/prepare/host_preparer.h"
#include "encoded_heads.h"

namespace jetfleet {
namespace {

using encoded::Family;
using encoded::Net;
using encoded::Thing;

const std::vector<Thing> kThings = {
    {40, 60, 80, 50, 0.8, 2}, {202, 150, 61, 90, 0.6, 0}, {11, 245, 37, 33, 0.7, 1}};

std::vector<Thing> ThingsFor(const Family& family) {
  std::vector<Thing> things = kThings;
  for (Thing& thing : things) thing.label %= family.labels;
  return things;
}

DecoderOptions OptionsFor(const Family& family) {
  DecoderOptions options;
  options.name = family.decoder;
  options.labels = static_cast<std::size_t>(family.labels);
  return options;
}

Status Bind(const std::string& name, const Net& net, std::size_t labels, BoundDecoder* bound) {
  DecoderOptions options;
  options.name = name;
  options.labels = labels;
  return BindDecoder(options, net.info, bound);
}

std::vector<Detection> Decode(const OutputDecoder& decoder, const Net& net, float min_score) {
  const Size size{encoded::kSide, encoded::kSide};
  std::vector<Detection> found;
  decoder.Decode(net.Tensors(), 0, Placement::Of(decoder.preprocess(), size, decoder.input()),
                 min_score, &found);
  return found;
}

class EncodedHead : public testing::TestWithParam<Family> {};

TEST_P(EncodedHead, IsReadAsItWasWritten) {
  const Family& family = GetParam();
  const std::vector<Thing> things = ThingsFor(family);
  const Net net = family.encode(things);
  BoundDecoder bound;
  const Status status = BindDecoder(OptionsFor(family), net.info, &bound);
  ASSERT_TRUE(status.ok()) << status.message;
  const auto found = Decode(*bound.decoder, net, 0.3F);
  ASSERT_EQ(found.size(), things.size());
  for (const Thing& thing : things) {
    const auto one = std::find_if(found.begin(), found.end(), [&](const Detection& candidate) {
      return std::fabs(candidate.score - thing.score) < 2e-3;
    });
    ASSERT_NE(one, found.end()) << "no score of " << thing.score;
    EXPECT_EQ(one->label, thing.label);
    EXPECT_NEAR(one->box.left, thing.left, 0.05);
    EXPECT_NEAR(one->box.top, thing.top, 0.05);
    EXPECT_NEAR(one->box.width, thing.width, 0.05);
    EXPECT_NEAR(one->box.height, thing.height, 0.05);
  }
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end(),
                             [](const auto& a, const auto& b) { return a.score > b.score; }));
}

TEST_P(EncodedHead, PassesAsWhatItIs) {
  const Family& family = GetParam();
  const Net net = family.encode(ThingsFor(family));
  BoundDecoder bound;
  ASSERT_TRUE(BindDecoder(OptionsFor(family), net.info, &bound).ok());
  // Nothing but the things, as everything else in these heads is of no score and no size.
  Impression impression;
  impression.pictures = 1;
  impression.best_score = 0.8F;
  EXPECT_TRUE(bound.decoder->Conclude(impression).ok());
  impression.best_score = 0;
  // Who drops weak boxes by itself may have none to tell of.
  const std::string name = family.decoder;
  const bool may_be_silent =
      name == "ssd-tf" || name == "ssd-detection-output" || name == "efficient-nms";
  EXPECT_EQ(bound.decoder->Conclude(impression).ok(), may_be_silent);
}

TEST_P(EncodedHead, MergesWhatOverlapsOnlyWhereTheModelDoesNot) {
  const Family& family = GetParam();
  // 32 pixels apart: another cell of each grid, the same head of all.
  std::vector<Thing> things = {{40, 40, 150, 150, 0.8, 0}, {72, 40, 150, 150, 0.7, 0}};
  const Net net = family.encode(things);
  BoundDecoder bound;
  ASSERT_TRUE(BindDecoder(OptionsFor(family), net.info, &bound).ok());
  EXPECT_EQ(Decode(*bound.decoder, net, 0.3F).size(), family.merges ? 1U : 2U);
}

TEST_P(EncodedHead, SurvivesAnyNumbers) {
  const Family& family = GetParam();
  const Net clean = family.encode(ThingsFor(family));
  BoundDecoder bound;
  ASSERT_TRUE(BindDecoder(OptionsFor(family), clean.info, &bound).ok());
  std::mt19937 random(7);
  for (int round = 0; round < 4; ++round) {
    Net net = clean;
    for (std::vector<float>& values : net.values) {
      for (float& value : values) {
        const std::uint32_t bits = random();
        if (round == 0) {
          std::memcpy(&value, &bits, sizeof(value));
        } else {
          const float extremes[] = {std::numeric_limits<float>::quiet_NaN(),
                                    std::numeric_limits<float>::infinity(),
                                    3e38F,
                                    -3e38F,
                                    0,
                                    1};
          value = extremes[bits % 6];
        }
      }
    }
    for (std::size_t i = 0; i < net.values.size(); ++i) {
      if (net.info.outputs[i].element == ElementType::kFloat32) continue;
      for (float& value : net.values[i]) value = static_cast<float>(random() % 1000) - 500;
    }
    for (const Detection& one : Decode(*bound.decoder, net, 0.3F)) {
      EXPECT_TRUE(std::isfinite(one.box.left + one.box.top + one.box.width + one.box.height));
      EXPECT_GE(one.score, 0.3F);
      EXPECT_LE(one.score, 1);
      EXPECT_GE(one.label, 0);
      EXPECT_LT(one.label, family.labels);
    }
    Impression impression;
    (void)bound.decoder->Judge(net.Tensors(), 0, &impression);
  }
}

TEST_P(EncodedHead, IsRefusedWithLabelsThatDoNotFit) {
  const Family& family = GetParam();
  const std::string name = family.decoder;
  // They do not say how many classes they tell apart.
  if (name == "yolov10" || name == "yolo26" || name == "ssd-tf" || name == "efficient-nms" ||
      name == "ssd-detection-output" ||
      (name == "rt-detr" && std::string(family.form) == "authors"))
    return;
  BoundDecoder bound;
  DecoderOptions options = OptionsFor(family);
  options.labels += 2;
  const Status status = BindDecoder(options, family.encode({}).info, &bound);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find(std::to_string(options.labels)), std::string::npos)
      << status.message;
  EXPECT_NE(status.message.find(family.decoder), std::string::npos) << status.message;
}

TEST_P(EncodedHead, IsReadInHalfPrecision) {
  const Family& family = GetParam();
  Net net = family.encode(ThingsFor(family));
  for (TensorInfo& output : net.info.outputs) {
    if (output.element == ElementType::kFloat32) output.element = ElementType::kFloat16;
  }
  BoundDecoder bound;
  ASSERT_TRUE(BindDecoder(OptionsFor(family), net.info, &bound).ok());
  const auto found = Decode(*bound.decoder, net, 0.3F);
  ASSERT_EQ(found.size(), kThings.size());
  EXPECT_NEAR(found[0].score, 0.8, 5e-3);
  EXPECT_NEAR(found[0].box.width, 80, 0.5);
}

INSTANTIATE_TEST_SUITE_P(Families, EncodedHead, testing::ValuesIn(encoded::Families()),
                         [](const testing::TestParamInfo<Family>& one) {
                           std::string name = one.param.decoder + std::string("_") + one.param.form;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

const Family& FamilyOf(const std::string& decoder) {
  return *std::find_if(encoded::Families().begin(), encoded::Families().end(),
                       [&](const Family& one) { return one.decoder == decoder; });
}

/// A head as a net fills it: something small everywhere.
Net Filled(const std::string& decoder) {
  Net net = FamilyOf(decoder).encode(ThingsFor(FamilyOf(decoder)));
  std::mt19937 random(3);
  std::uniform_real_distribution<float> small(0.001F, 0.01F);
  std::uniform_real_distribution<float> large(20, 300);
  const auto labels = static_cast<std::size_t>(encoded::kLabels);
  for (std::size_t row = 0; row * (5 + labels) < net.values[0].size(); ++row) {
    if (net.At(0, row, 5 + labels, 4) != 0) continue;
    for (std::size_t i = 0; i < 5 + labels; ++i) {
      const bool box = i < 4 && decoder == "yolox-decoded";
      net.At(0, row, 5 + labels, i) = box ? large(random) : small(random);
    }
  }
  return net;
}

Status JudgeAs(const std::string& decoder, const Net& net) {
  BoundDecoder bound;
  Status status = Bind(decoder, net, encoded::kLabels, &bound);
  Impression impression;
  if (status.ok()) status = bound.decoder->Judge(net.Tensors(), 0, &impression);
  return status.ok() ? bound.decoder->Conclude(impression) : status;
}

TEST(Meaning, TellsTheTwoExportsOfYoloxApart) {
  const Net raw = Filled("yolox");
  const Net decoded = Filled("yolox-decoded");
  EXPECT_TRUE(JudgeAs("yolox", raw).ok()) << JudgeAs("yolox", raw).message;
  EXPECT_TRUE(JudgeAs("yolox-decoded", decoded).ok()) << JudgeAs("yolox-decoded", decoded).message;
  const Status absurd = JudgeAs("yolox", decoded);
  EXPECT_EQ(absurd.code, ErrorCode::kModelInvalid);
  EXPECT_NE(absurd.message.find("boxes such as one of"), std::string::npos) << absurd.message;
  EXPECT_EQ(JudgeAs("yolox-decoded", raw).code, ErrorCode::kModelInvalid);
}

TEST(Meaning, RefusesAHeadThatNeverFindsAnything) {
  // Rows of corners, score and class 0, taken for a raw head of one class.
  Net net;
  net.Input("images", {1, 3, 64, 64});
  net.Output("output", {1, 84, 6}, 0.5);
  for (std::size_t row = 0; row < 84; ++row) net.At(0, row, 6, 5) = 0;
  BoundDecoder bound;
  ASSERT_TRUE(Bind("yolox", net, 1, &bound).ok());
  Impression impression;
  ASSERT_TRUE(bound.decoder->Judge(net.Tensors(), 0, &impression).ok());
  const Status status = bound.decoder->Conclude(impression);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("nothing would ever be found"), std::string::npos)
      << status.message;
}

TEST(Meaning, RefusesNumbersBeforeTheSigmoidForScores) {
  Net net = FamilyOf("yolov8").encode(kThings);
  for (std::size_t i = 4 * 2100; i < net.values[0].size(); ++i) net.values[0][i] = 3.5F;
  const Status status = JudgeAs("yolov8", net);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("a score of 3.5 where 1 is the most"), std::string::npos)
      << status.message;
}

TEST(Meaning, RefusesPartsOfThePictureForPixels) {
  Net net = FamilyOf("yolov8").encode({});
  for (std::size_t i = 0; i < net.values[0].size(); ++i) net.values[0][i] = 0.4F;
  EXPECT_EQ(JudgeAs("yolov8", net).code, ErrorCode::kModelInvalid);
}

TEST(Meaning, RefusesDistancesFromAnchorsForCorners) {
  Net net = FamilyOf("ultraface").encode({});
  std::fill(net.values[0].begin(), net.values[0].end(), 0.3F);
  std::fill(net.values[1].begin(), net.values[1].end(), -0.2F);  // no width
  EXPECT_EQ(JudgeAs("ultraface", net).code, ErrorCode::kModelInvalid);
}

TEST(Meaning, RefusesClassesThatTheLabelsDoNotHave) {
  std::vector<Thing> things = kThings;
  for (Thing& thing : things) thing.label = 70;
  const Net net = FamilyOf("yolov10").encode(things);
  BoundDecoder bound;
  ASSERT_TRUE(Bind("yolov10", net, 3, &bound).ok());
  Net filled = net;
  for (std::size_t row = 3; row < 300; ++row) {
    const float values[] = {10, 10, 50, 50, 0.01F, 70};
    std::copy(std::begin(values), std::end(values), &filled.At(0, row, 6, 0));
  }
  Impression impression;
  const Status status = bound.decoder->Judge(filled.Tensors(), 0, &impression);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("of label 70"), std::string::npos) << status.message;
}

TEST(Inference, FindsTheOneFamilyThatFits) {
  for (const char* const name :
       {"fastestdet", "yolov2", "yolov5", "yolov8", "yolov10", "nanodet", "ssd-tf",
        "ssd-detection-output", "efficient-nms", "detr", "yunet", "centernet"}) {
    const Family& family = FamilyOf(name);
    BoundDecoder bound;
    const Status status =
        Bind("auto", family.encode({}), static_cast<std::size_t>(family.labels), &bound);
    ASSERT_TRUE(status.ok()) << name << ": " << status.message;
    EXPECT_EQ(bound.name, name);
    EXPECT_NE(bound.reason.find(std::string("only ") + name), std::string::npos) << bound.reason;
  }
}

TEST(Inference, NamesTheCandidatesOfShapesThatFitSeveral) {
  const std::pair<const char*, const char*> cases[] = {{"yolox", "yolox, yolox-decoded"},
                                                       {"yolov3", "yolov3, yolov4"}};
  for (const auto& [name, candidates] : cases) {
    BoundDecoder bound;
    const Status status = Bind("auto", FamilyOf(name).encode({}), encoded::kLabels, &bound);
    EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
    EXPECT_NE(status.message.find(candidates), std::string::npos) << status.message;
  }
}

TEST(Inference, SaysOfEachFamilyWhyItIsNotTheOne) {
  Net net;
  net.Input("images", {1, 3, 64, 64});
  net.Output("mask", {1, 7, 7, 7});
  BoundDecoder bound;
  const Status status = Bind("auto", net, 3, &bound);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  for (const char* const name : {"yolox", "yolov8", "detr", "classification"}) {
    EXPECT_NE(status.message.find(std::string("  ") + name + ": "), std::string::npos) << name;
  }
}

TEST(OpenSizes, ComeFromTheOptionsAndReachTheOutputs) {
  Net net;
  net.Input("images", {-1, 3, -1, -1});
  net.Output("output0", {-1, 7, 2100});
  net.info.outputs[0].shape = {-1, 7, -1};
  DecoderOptions options;
  options.name = "yolov8";
  options.labels = 3;
  BoundDecoder bound;
  Status status = BindDecoder(options, net.info, &bound);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("input.width"), std::string::npos) << status.message;
  options.input = {320, 320};
  status = BindDecoder(options, net.info, &bound);
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_EQ(bound.info.inputs[0].shape.Text(), "[?,3,320,320]");
  EXPECT_EQ(bound.info.outputs[0].shape.Text(), "[?,7,2100]");
  // A size that the model has of its own is not changed.
  net.info.inputs[0].shape = {1, 3, 640, 640};
  EXPECT_EQ(BindDecoder(options, net.info, &bound).code, ErrorCode::kModelInvalid);
}

TEST(OtherInputs, AreGivenWhatTheFamilySays) {
  BoundDecoder bound;
  ASSERT_TRUE(Bind("rt-detr", FamilyOf("rt-detr").encode({}), encoded::kLabels, &bound).ok());
  const auto constants = bound.decoder->constants();
  ASSERT_EQ(constants.size(), 1U);
  EXPECT_EQ(constants[0].input, 1U);
  EXPECT_EQ(constants[0].values, (std::vector<double>{encoded::kSide, encoded::kSide}));
  Net net = FamilyOf("yolov8").encode({});
  net.Input("threshold", {1}).element = ElementType::kFloat32;
  const Status status = Bind("yolov8", net, encoded::kLabels, &bound);
  EXPECT_EQ(status.code, ErrorCode::kModelInvalid);
  EXPECT_NE(status.message.find("threshold"), std::string::npos) << status.message;
}

TEST(Classification, IsOfTheWholePictureBeforeAndBehindTheSoftmax) {
  Net net;
  net.Input("data", {1, 3, 224, 224});
  net.Output("prob", {1, 3, 1, 1});
  BoundDecoder bound;
  ASSERT_TRUE(Bind("classification", net, 3, &bound).ok());
  const Placement placement =
      Placement::Of(bound.decoder->preprocess(), {640, 480}, bound.decoder->input());
  const std::vector<float> parts = {0.1F, 0.7F, 0.2F};
  for (const bool raw : {false, true}) {
    for (std::size_t i = 0; i < 3; ++i) net.values[0][i] = raw ? std::log(parts[i]) + 5 : parts[i];
    std::vector<Detection> found;
    bound.decoder->Decode(net.Tensors(), 0, placement, 0.15F, &found);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].label, 1);
    EXPECT_NEAR(found[0].score, 0.7, 1e-5);
    EXPECT_EQ(found[0].box.width, 640);
    EXPECT_EQ(found[0].box.height, 480);
    EXPECT_EQ(found[1].label, 2);
  }
}

TEST(Reid, IsADirection) {
  Net net;
  net.Input("data", {1, 256, 128, 3});
  net.Output("embedding", {1, 4});
  net.values[0] = {3, 0, -4, 0};
  BoundDecoder bound;
  ASSERT_TRUE(Bind("reid", net, 1, &bound).ok());
  EXPECT_EQ(bound.decoder->input(), (Size{128, 256}));
  const std::vector<float> vector = bound.decoder->Embed(net.Tensors(), 0);
  ASSERT_EQ(vector.size(), 4U);
  EXPECT_FLOAT_EQ(vector[0], 0.6F);
  EXPECT_FLOAT_EQ(vector[2], -0.8F);
  EXPECT_TRUE(Decode(*bound.decoder, net, 0).empty());
}

TEST(Halves, AreWhatIeeeSays) {
  // 1, -2, greatest, smallest normal, smallest, a third, infinity.
  const std::pair<std::uint16_t, float> known[] = {
      {0x3c00, 1.0F},
      {0xc000, -2.0F},
      {0x7bff, 65504.0F},
      {0x0400, 6.103515625e-5F},
      {0x0001, 5.9604645e-8F},
      {0x3555, 0.33325195F},
      {0x7c00, std::numeric_limits<float>::infinity()}};
  for (const auto& [half, value] : known) {
    EXPECT_EQ(FloatOfHalf(half), value);
    EXPECT_EQ(HalfOfFloat(value), half);
  }
  EXPECT_TRUE(std::isnan(FloatOfHalf(0x7e01)));
  for (std::uint32_t half = 0; half < 0x7c00; ++half) {
    ASSERT_EQ(HalfOfFloat(FloatOfHalf(static_cast<std::uint16_t>(half))), half);
  }
}

TEST(OtherPictures, BytesHalvesAndChannelsLastHoldWhatFloatsHold) {
  const PreprocessSpec spec = PreprocessSpec::Yolox();
  const auto slot = [](ElementType type, TensorLayout layout) {
    TensorDesc desc;
    desc.type = type;
    desc.layout = layout;
    desc.shape = layout == TensorLayout::kNhwc ? Shape{1, 32, 64, 3} : Shape{1, 3, 32, 64};
    return TensorView(desc, MakeHostBuffer(desc.bytes()));
  };
  const TensorView floats = slot(ElementType::kFloat32, TensorLayout::kNchw);
  HostPreparer().Run(RealPicture(0), spec, floats);
  const TensorView bytes = slot(ElementType::kUint8, TensorLayout::kNhwc);
  const TensorView halves = slot(ElementType::kFloat16, TensorLayout::kNchw);
  HostPreparer preparer;
  EXPECT_EQ(preparer.Run(RealPicture(0), spec, bytes).target,
            preparer.Run(RealPicture(0), spec, halves).target);
  constexpr std::size_t kArea = 32 * 64;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t i = 0; i < kArea; ++i) {
      const float value = floats.Host<const float>()[channel * kArea + i];
      ASSERT_NEAR(bytes.Host<const std::uint8_t>()[i * 3 + channel], value, 0.5001);
      ASSERT_NEAR(FloatOfHalf(halves.Host<const std::uint16_t>()[channel * kArea + i]), value,
                  0.07);
    }
  }
}

TEST(Preprocessing, CanBeSetAgainstTheFamily) {
  DecoderOptions options;
  options.name = "yolov8";
  options.labels = 3;
  options.preprocess.fit = PreprocessSpec::Fit::kStretch;
  options.preprocess.channels = PreprocessSpec::Channels::kBgr;
  options.preprocess.mean = {1, 2, 3};
  BoundDecoder bound;
  ASSERT_TRUE(BindDecoder(options, FamilyOf("yolov8").encode({}).info, &bound).ok());
  const PreprocessSpec& spec = bound.decoder->preprocess();
  EXPECT_EQ(spec.fit, PreprocessSpec::Fit::kStretch);
  EXPECT_EQ(spec.channels, PreprocessSpec::Channels::kBgr);
  EXPECT_EQ(spec.mean[2], 3);
  EXPECT_FLOAT_EQ(spec.scale[0], 1 / 255.0F) << "the rest is the family's";
}

}  // namespace
}  // namespace jetfleet
