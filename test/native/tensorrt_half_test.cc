#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/files/half_model.h"
#include "backends/tensorrt/files/onnx_outline.h"
#include "backends/tensorrt/files/output_nodes.h"
#include "core/decode/nms.h"
#include "core/decode/yolox.h"
#include "core/infer/backend_loader.h"
#include "core/prepare/host_preparer.h"
#include "onnx_writer.h"
#include "scene/scene.h"

// Our own conversion of a model to float16, for libraries that compute in a model's own types; ONNX
// Runtime is the judge of what it is worth.
namespace jetfleet {
namespace {

std::string FileAt(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

HalfModel Converted(const std::string& bytes, const std::set<std::string>& keep = {}) {
  return HalfModelOf(bytes.data(), bytes.size(), keep);
}

std::string WhyNot(const std::string& bytes) {
  try {
    Converted(bytes);
  } catch (const Failure& failure) {
    EXPECT_TRUE(failure.code() == JF_UNSUPPORTED || failure.code() == JF_MODEL_INVALID);
    return failure.what();
  }
  return "";
}

std::string Floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

/// x → `nodes` → y, with a constant w of these values.
std::string Small(const std::vector<std::string>& nodes, const std::vector<float>& values) {
  const int count = static_cast<int>(values.size());
  return onnx::Model({nodes,
                      {onnx::Constant("w", 1, {count}, Floats(values))},
                      {onnx::Value("x", {1, count})},
                      {onnx::Value("y", {1, count})}});
}

OnnxOutline OutlineOf(const HalfModel& model) {
  return ReadOutline(model.bytes.data(), model.bytes.size());
}

TEST(HalfModel, KeepsInputsAndOutputsAsTheyWereAndHalvesWhatLiesBetween) {
  const HalfModel model = Converted(
      Small({onnx::Node("Add", "add", {"x", "w"}, "t"), onnx::Node("Relu", "relu", {"t"}, "y")},
            {1, 2, 3}));
  EXPECT_EQ(model.converted, 2U);
  EXPECT_TRUE(model.kept.empty());
  const OnnxOutline outline = OutlineOf(model);
  ASSERT_EQ(outline.inputs.size(), 1U);
  EXPECT_EQ(outline.inputs[0], std::make_pair(std::string("x"), 1));
  EXPECT_EQ(outline.outputs[0], std::make_pair(std::string("y"), 1));
  EXPECT_EQ(outline.constants.at("w").type, 10);
  std::vector<std::string> ops;
  for (const OnnxNode& node : outline.nodes) ops.push_back(node.op);
  EXPECT_EQ(ops, (std::vector<std::string>{"Cast", "Add", "Relu", "Cast"}));
}

TEST(HalfModel, KeepsInFloat32WhatRangeDemandsAndSaysWhy) {
  struct Row {
    std::string op;
    std::vector<float> values;
    std::string why;
  };
  const Row rows[] = {{"Pow", {2}, "leaves the range"},
                      {"Mul", {1, 70000}, "w holds 7e+04, beyond 65504"},
                      {"Add", {1e-9F}, "w is at most 1e-09, of which float16 keeps few bits"}};
  for (const Row& row : rows) {
    const HalfModel model = Converted(
        Small({onnx::Node("Relu", "before", {"x"}, "t"), onnx::Node(row.op, "it", {"t", "w"}, "u"),
               onnx::Node("Relu", "after", {"u"}, "y")},
              row.values));
    ASSERT_EQ(model.kept.size(), 1U) << row.op;
    EXPECT_EQ(model.kept[0].name, "it");
    EXPECT_NE(model.kept[0].why.find(row.why), std::string::npos) << model.kept[0].why;
    EXPECT_EQ(model.converted, 2U);
    const OnnxOutline outline = OutlineOf(model);
    EXPECT_EQ(outline.constants.at("w/float32").type, 1) << "its own constant is what it was";
    const auto kept = std::find_if(outline.nodes.begin(), outline.nodes.end(),
                                   [](const OnnxNode& node) { return node.name == "it"; });
    ASSERT_NE(kept, outline.nodes.end());
    EXPECT_EQ(kept->inputs, (std::vector<std::string>{"t/float32", "w/float32"}));
  }
  const std::string asked = Small({onnx::Node("Relu", "it", {"x"}, "y")}, {1});
  EXPECT_EQ(Converted(asked, {"it"}).kept.size(), 1U);
}

TEST(HalfModel, RefusesWhatItCannotConvertByNode) {
  EXPECT_NE(WhyNot(Small({onnx::Node("QuantizeLinear", "q", {"x", "w"}, "y")}, {1}))
                .find("QuantizeLinear q quantises"),
            std::string::npos);
  const std::string with_graph = onnx::Node("If", "branch", {"x"}, "y") +
                                 onnx::Bytes(5, onnx::Bytes(1, "then_branch") + onnx::Bytes(6, ""));
  EXPECT_NE(WhyNot(Small({with_graph}, {1})).find("If branch has a graph inside"),
            std::string::npos);
  const std::string foreign = onnx::Node("Mish", "m", {"x"}, "y") + onnx::Bytes(7, "some.where");
  EXPECT_NE(WhyNot(Small({foreign}, {1})).find("is of domain some.where"), std::string::npos);
  const std::string external = onnx::Model({{onnx::Node("Add", "add", {"x", "w"}, "y")},
                                            {onnx::External("w", {1}, "w.bin", 4)},
                                            {onnx::Value("x", {1})},
                                            {onnx::Value("y", {1})}});
  EXPECT_NE(WhyNot(external).find("lie in w.bin"), std::string::npos);
}

TEST(HalfModel, OfAFileThatIsCutOffIsRefusedAndNeverReadPastItsEnd) {
  const std::string whole =
      Small({onnx::Node("Add", "add", {"x", "w"}, "y")}, {1, 2, 3, 4, 5, 6, 7, 8});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string part = whole.substr(0, size);
    // What ends between two fields may be a model still; all else is refused.
    try {
      Converted(part);
    } catch (const Failure&) {
      continue;
    }
  }
}

TEST(OutputNodes, AreTheLastThatMultiplyByWeights) {
  const std::string bytes = Small(
      {onnx::Node("Conv", "first", {"x", "w"}, "a"), onnx::Node("Conv", "box", {"a", "w"}, "b"),
       onnx::Node("Gemm", "score", {"a", "w"}, "c"), onnx::Node("Sigmoid", "s", {"c"}, "d"),
       onnx::Node("Concat", "all", {"b", "d"}, "y")},
      {1});
  EXPECT_EQ(OutputNodes(ReadOutline(bytes.data(), bytes.size())),
            (std::set<std::string>{"box", "score"}));
}

/// A street as a camera shows it, as the model wants it.
TensorView Street(Size input) {
  constexpr int kWidth = 1280;
  constexpr int kHeight = 720;
  std::vector<std::uint8_t> i420(kWidth * kHeight * 3 / 2);
  std::uint8_t* const u = i420.data() + kWidth * kHeight;
  std::uint8_t* const v = u + kWidth * kHeight / 4;
  scene::Scene street(7, kWidth, kHeight, 30);
  street.RenderI420(4000, {i420.data(), u, v, kWidth, kWidth / 2, kWidth / 2});
  const SurfaceView view{PixelFormat::kI420,
                         {ColorMatrix::kBt709, ColorRange::kLimited},
                         Rotation::kNone,
                         {kWidth, kHeight},
                         {kWidth, kHeight},
                         {i420.data(), u, v},
                         {kWidth, kWidth / 2, kWidth / 2}};
  TensorDesc desc;
  desc.shape = {1, 3, input.height, input.width};
  const TensorView tensor(desc, MakeHostBuffer(desc.bytes()));
  HostPreparer().Run(view, PreprocessSpec::Yolox(), tensor);
  return tensor;
}

std::vector<Detection> BoxesOf(Backend* backend, const std::string& path, const TensorView& input) {
  LoadOptions options;
  options.path = path;
  options.threads = 1;
  std::shared_ptr<Program> program;
  Status status = backend->Load(options, &program);
  EXPECT_TRUE(status.ok()) << status.message;
  std::unique_ptr<Context> context;
  ModelInfo info;
  if (status.ok()) status = program->Describe(&info);
  if (status.ok()) status = program->NewContext("", "", &context);
  EXPECT_TRUE(status.ok()) << status.message;
  if (!status.ok()) return {};
  const Shape shape = info.outputs[0].shape;
  TensorDesc desc;
  desc.shape = shape;
  const TensorView output(desc, MakeHostBuffer(desc.bytes()));
  Context::Ticket ticket = 0;
  status = context->Submit({input}, {output}, &ticket);
  if (status.ok()) status = context->Wait(ticket);
  EXPECT_TRUE(status.ok()) << status.message;
  DecoderOptions decoding;
  decoding.labels = static_cast<std::size_t>(shape[2] - 5);
  std::unique_ptr<YoloxDecoder> decoder;
  status = YoloxDecoder::Create(input.desc().shape, shape, decoding, &decoder);
  EXPECT_TRUE(status.ok()) << status.message;
  std::vector<Detection> found;
  decoder->DecodeCells(output.Host<const float>(), 0.3F, &found);
  SuppressNonMaxima(decoding.nms_iou, &found);
  return found;
}

TEST(HalfModel, FindsTheBoxesOfFloat32) {
  Backend* backend = nullptr;
  const Status opened = OpenBackend(JETFLEET_BACKEND, JETFLEET_ORT, &backend);
  ASSERT_TRUE(opened.ok()) << opened.message;
  struct Row {
    std::string path;
    Size input;
    std::size_t least_boxes;
    /// Of its nodes, from the first on, that stay in float32.
    double kept_share;
  };
  const std::string root = std::string(JETFLEET_TEST_DIR) + "/..";
  const Row rows[] = {{root + "/models/street-v2-b1.onnx", {512, 288}, 5, 0},
                      {root + "/../shared/data/models/yolox_nano.onnx", {416, 416}, 3, 0.25}};
  for (const Row& row : rows) {
    if (!std::filesystem::exists(row.path)) continue;
    const std::string half = testing::TempDir() + "/half.onnx";
    const std::string bytes = FileAt(row.path);
    // YOLOX takes samples from 0 to 255, and what rounds off first weighs most: 0.019 of a score in
    // all, 0.003 with the first quarter in float32.
    const OnnxOutline outline = ReadOutline(bytes.data(), bytes.size());
    std::set<std::string> keep;
    for (std::size_t i = 0; i < static_cast<std::size_t>(row.kept_share * outline.nodes.size());
         ++i) {
      keep.insert(outline.nodes[i].name);
    }
    std::ofstream(half, std::ios::binary) << Converted(bytes, keep).bytes;
    const TensorView input = Street(row.input);
    const auto expected = BoxesOf(backend, row.path, input);
    const auto got = BoxesOf(backend, half, input);
    std::filesystem::remove(half);
    EXPECT_GE(expected.size(), row.least_boxes) << row.path;
    EXPECT_EQ(got.size(), expected.size()) << row.path;
    for (const Detection& one : expected) {
      const bool found = std::any_of(got.begin(), got.end(), [&](const Detection& other) {
        return other.label == one.label && Iou(other.box, one.box) >= 0.99F &&
               std::fabs(other.score - one.score) <= 0.01F;
      });
      EXPECT_TRUE(found) << row.path << " at " << one.box.left << "," << one.box.top << " score "
                         << one.score;
    }
  }
}

}  // namespace
}  // namespace jetfleet
