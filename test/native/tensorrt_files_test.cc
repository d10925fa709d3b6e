#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/files/calibration_table.h"
#include "backends/tensorrt/files/model_checks.h"
#include "backends/tensorrt/files/sealed_engine.h"
#include "backends/tensorrt/files/sha256.h"
#include "onnx_writer.h"

namespace jetfleet {
namespace {

template <typename Work>
std::string WhyRefused(Work work) {
  try {
    work();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "nothing was refused";
}

bool Says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

OnnxOutline OutlineOf(const onnx::Graph& graph) {
  const std::string bytes = onnx::Model(graph);
  return ReadOutline(bytes.data(), bytes.size());
}

TEST(TensorRtFiles, HashAsThePublishedExamplesDo) {
  // FIPS 180-4 examples of NIST, and RFC 4231's second.
  EXPECT_EQ(HexOf(Sha256Of("abc", 3)),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  EXPECT_EQ(HexOf(Sha256Of(two.data(), two.size())),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(HexOf(Sha256Of("", 0)),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string data = "what do ya want for nothing?";
  EXPECT_EQ(HexOf(HmacSha256("Jefe", 4, data.data(), data.size())),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(TensorRtFiles, HashTheSameHoweverTheBytesCome) {
  const std::string bytes(1000, 'a');
  const Digest whole = Sha256Of(bytes.data(), bytes.size());
  for (const std::size_t piece : {1U, 55U, 63U, 64U, 65U, 999U}) {
    Sha256 hash;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      hash.Add(bytes.data() + at, std::min(piece, bytes.size() - at));
    }
    EXPECT_EQ(HexOf(hash.Finish()), HexOf(whole)) << piece;
  }
}

/// A folder of its own, and an engine in it.
class SealedEngineFile : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/jetfleet-engine-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/a.engine";
    WriteEngine(path_, {"model 1\ngpu 8.6\n", "{}", "the plan"}, Mac());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  MacKey Mac() const { return {mac_, sizeof(mac_)}; }
  std::string Bytes() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Put(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
  std::string Refusal(const char* key = nullptr) const {
    return WhyRefused([&] { ReadEngine(path_, key, Mac()); });
  }

  const std::uint8_t mac_[4] = {1, 2, 3, 4};
  std::string folder_;
  std::string path_;
};

TEST_F(SealedEngineFile, IsReadAsItWasWritten) {
  const SealedEngine engine = ReadEngine(path_, "model 1\ngpu 8.6\n", Mac());
  EXPECT_EQ(engine.parts.plan, "the plan");
  EXPECT_EQ(engine.parts.notes, "{}");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".part"));
}

TEST_F(SealedEngineFile, HasTheBytesThatFleetReads) {
  std::string hex;
  for (const char byte : Bytes()) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(byte));
    hex += digits;
  }
  std::ifstream file(std::string(JETFLEET_TEST_DIR) + "/fleet/engine/sealed-engine.hex");
  std::string expected;
  for (std::string line; std::getline(file, line);) expected += line;
  EXPECT_EQ(hex, expected);
}

TEST_F(SealedEngineFile, IsRefusedWhereverItIsCutOff) {
  const std::string whole = Bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Put(whole.substr(0, size));
    EXPECT_TRUE(Says(Refusal(), "Build it again")) << size;
  }
  Put(whole + "x");
  EXPECT_TRUE(Says(Refusal(), "longer than it says"));
}

TEST_F(SealedEngineFile, IsRefusedWhicheverByteIsAltered) {
  const std::string whole = Bytes();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 0x40);
    Put(altered);
    EXPECT_TRUE(Says(Refusal(), "Build it again")) << at;
    // Who has no key is told by the digest, of all but the signature itself.
    if (at + sizeof(Digest) >= whole.size()) continue;
    const std::string unkeyed = WhyRefused([&] { ReadEngine(path_, nullptr, {}); });
    EXPECT_TRUE(Says(unkeyed, "Build it again")) << at;
  }
}

TEST_F(SealedEngineFile, IsRefusedWhenItSaysThatItIsHuge) {
  std::string bytes = Bytes();
  for (std::size_t i = 32; i < 40; ++i) bytes[i] = '\xff';
  Put(bytes);
  EXPECT_TRUE(Says(Refusal(), "truncated")) << Refusal();
}

TEST_F(SealedEngineFile, IsRefusedWithTheLineOfTheKeyThatDiffers) {
  const std::string why = Refusal("model 1\ngpu 7.5\n");
  EXPECT_TRUE(Says(why, "for \"gpu 7.5\" but got one for \"gpu 8.6\"")) << why;
}

TEST_F(SealedEngineFile, IsRefusedWhenSignedByAnotherDeviceOrByNone) {
  const std::uint8_t other[4] = {1, 2, 3, 5};
  WriteEngine(path_, {"k", "", "plan"}, {other, sizeof(other)});
  EXPECT_TRUE(Says(Refusal(), "signed by another device"));
  WriteEngine(path_, {"k", "", "plan"}, {});
  EXPECT_TRUE(Says(Refusal(), "is not signed"));
  EXPECT_EQ(ReadEngine(path_, "k", {}).parts.plan, "plan");
}

TEST_F(SealedEngineFile, ThatCannotBeWrittenSaysWhyAndLeavesNothing) {
  const std::string path = folder_ + "/absent/b.engine";
  const std::string why = WhyRefused([&] { WriteEngine(path, {"", "", "plan"}, {}); });
  EXPECT_TRUE(Says(why, path)) << why;
  EXPECT_TRUE(Says(why, "No such file")) << why;
}

TEST(WholeFile, ThatIsHugeIsRefusedBeforeItIsRead) {
  const std::string path = testing::TempDir() + "/huge.onnx";
  std::ofstream(path) << "x";
  // Sparse: it takes no room, and reading it would take minutes.
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40U);
  const std::string why = WhyRefused(
      [&] { ReadWholeFile(path, "an ONNX model", 2147483647, "; keep its weights elsewhere"); });
  std::filesystem::remove(path);
  EXPECT_TRUE(Says(why, "1099511627776 bytes, more than 2147483647; keep its weights elsewhere"))
      << why;
}

TEST(OnnxOutline, NamesNodesAndWhatTheyHold) {
  const OnnxOutline outline = OutlineOf({{onnx::Node("Relu", "", {"a"}, "b")},
                                         {onnx::Constant("zero", 3, {2}, std::string("\0\xff", 2))},
                                         {},
                                         {}});
  ASSERT_EQ(outline.nodes.size(), 1U);
  EXPECT_EQ(outline.nodes[0].name, "→ b") << "a node without a name goes by what it makes";
  EXPECT_EQ(outline.constants.at("zero").whole, (std::vector<std::int64_t>{0, -1}));
}

TEST(OnnxOutline, IsRefusedWhereverTheFileIsCutOff) {
  const std::string bytes = onnx::Model(
      {{onnx::Node("Relu", "r", {"a"}, "b")}, {onnx::Constant("c", 7, {1}, "12345678")}, {}, {}});
  // The last field, the opset, is not read: its absence shows only where it is cut in half.
  const std::size_t graph_ends = bytes.size() - 8;
  for (std::size_t size = 0; size < graph_ends; ++size) {
    const auto read = [&] { ReadOutline(bytes.data(), size); };
    EXPECT_TRUE(Says(WhyRefused(read), "Expected an ONNX model")) << size;
  }
}

TEST(OnnxOutline, OfNoiseIsRefusedOrEmptyButNeverReadPastItsEnd) {
  std::string noise(4096, '\0');
  std::uint32_t state = 1;
  for (int round = 0; round < 200; ++round) {
    for (char& byte : noise) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<char>(state >> 24U);
    }
    noise[0] = '\x3a';  // the graph
    EXPECT_NE(WhyRefused([&] { ReadOutline(noise.data(), noise.size()); }), "nothing was refused");
  }
}

TEST(ModelChecks, NameEveryNodeThatComputesOnIntegers) {
  const auto problems = CheckNodes(OutlineOf(
      {{onnx::Node("QLinearConv", "conv1", {}, "a"), onnx::Node("Relu", "relu", {"a"}, "b"),
        onnx::Node("MatMulInteger", "fc", {"b"}, "c")},
       {},
       {},
       {}}));
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_TRUE(problems[0].fatal);
  EXPECT_EQ(problems[0].node, "conv1");
  EXPECT_EQ(problems[1].node, "fc");
  EXPECT_TRUE(Says(problems[1].message, "QDQ form"));
}

TEST(ModelChecks, NameEveryAsymmetricNodeAndNoSymmetricOne) {
  const auto quantise = [](const std::string& name, const std::string& zero) {
    return onnx::Node("QuantizeLinear", name, {"x", "scale", zero}, name + ".out");
  };
  const auto problems = CheckNodes(OutlineOf(
      {{quantise("good", "zero"), quantise("shifted", "seven"), quantise("unsigned", "byte"),
        quantise("computed", "nowhere"), quantise("bare", "")},
       {onnx::Constant("zero", 3, {1}, std::string(1, '\0')),
        onnx::Constant("seven", 3, {1}, "\x07"),
        onnx::Constant("byte", 2, {1}, std::string(1, '\0'))},
       {},
       {}}));
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].node, "shifted");
  EXPECT_TRUE(Says(problems[0].message, "its zero point is 7")) << problems[0].message;
  EXPECT_EQ(problems[1].node, "unsigned");
  EXPECT_EQ(problems[2].node, "computed");
}

TEST(ModelChecks, WarnOfWholeNumbersThatOldVersionsCut) {
  const auto problems =
      CheckNodes(OutlineOf({{onnx::Node("Slice", "s", {"x", "end"}, "y")},
                            {onnx::Constant("end", 7, {1}, "\xff\xff\xff\xff\xff\xff\xff\x7f"),
                             onnx::Constant("start", 7, {1}, std::string(8, '\0'))},
                            {},
                            {}}));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_FALSE(problems[0].fatal);
  EXPECT_EQ(problems[0].node, "end");
  EXPECT_TRUE(Says(problems[0].message, "9223372036854775807"));
}

TEST(ModelChecks, NameExternalDataThatIsAbsentShortOrElsewhere) {
  char folder[] = "/tmp/jetfleet-external-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string in = std::string(folder) + "/";
  std::ofstream(in + "whole.bin") << "12345678";
  std::ofstream(in + "short.bin") << "1234";
  const auto problems =
      CheckExternalData(OutlineOf({{onnx::Node("Add", "a", {"x", "a"}, "y")},
                                   {onnx::External("a_whole", {2}, "whole.bin", 8),
                                    onnx::External("b_short", {2}, "short.bin", 8),
                                    onnx::External("c_absent", {2}, "absent.bin", 8),
                                    onnx::External("d_outside", {2}, "../etc/passwd", 8),
                                    onnx::External("e_root", {2}, "/etc/passwd", 8)},
                                   {},
                                   {}}),
                        in);
  std::filesystem::remove_all(folder);
  ASSERT_EQ(problems.size(), 4U);
  EXPECT_TRUE(Says(problems[0].message, "ends before its values do"));
  EXPECT_TRUE(Says(problems[1].message, "is not there"));
  EXPECT_TRUE(Says(problems[2].message, "outside the model's folder"));
  EXPECT_TRUE(Says(problems[3].message, "outside the model's folder"));
}

TEST(CalibrationTableFile, OfOneVersionServesAnother) {
  const std::string made_by_8_6 =
      "TRT-8601-EntropyCalibration2\nimages: 3c010a14\n(Unnamed Layer* 1) [Shuffle]_output: 3d2\n";
  const CalibrationTable found = FromVendorCache(made_by_8_6, "abc");
  EXPECT_EQ(found.scales.at("(Unnamed Layer* 1) [Shuffle]_output"), 0x3d2U);
  const CalibrationTable read = ReadCalibrationTable(found.Text(), "abc");
  EXPECT_EQ(VendorCacheOf(read, 100600),
            "TRT-100600-EntropyCalibration2\n(Unnamed Layer* 1) [Shuffle]_output: 000003d2\n"
            "images: 3c010a14\n");
  EXPECT_EQ(FromVendorCache(VendorCacheOf(read, 100600), "abc").Text(), found.Text())
      << "equal tables are equal files";
}

TEST(CalibrationTableFile, KeepsTheMethodItWasFoundBy) {
  const CalibrationTable found = FromVendorCache("TRT-8601-MinMaxCalibration\na: 3c010a14\n", "m");
  EXPECT_TRUE(Says(found.Text(), "method min-max"));
  const CalibrationTable read = ReadCalibrationTable(found.Text(), "m");
  EXPECT_EQ(read.method, CalibrationMethod::kMinMax);
  EXPECT_EQ(VendorCacheOf(read, 100600), "TRT-100600-MinMaxCalibration\na: 3c010a14\n");
  std::string other = found.Text();
  other.replace(other.find("min-max"), 7, "guessed");
  EXPECT_TRUE(Says(WhyRefused([&] { ReadCalibrationTable(other, "m"); }), "names no method"));
}

TEST(CalibrationTableFile, IsRefusedWhenItIsOfAnotherModelOrBroken) {
  const std::string text =
      FromVendorCache("TRT-8601-EntropyCalibration2\na: 3c010a14\n", "m").Text();
  const auto refusal = [](const std::string& bad) {
    return WhyRefused([&] { ReadCalibrationTable(bad, "m"); });
  };
  EXPECT_TRUE(Says(WhyRefused([&] { ReadCalibrationTable(text, "other"); }),
                   "it is of model m, not of other"));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_TRUE(Says(refusal(text.substr(0, size)), "Calibrate the model again")) << size;
  }
  EXPECT_TRUE(Says(refusal(text + "b 7fc00000\n"), "line 5")) << "not a number";
  EXPECT_TRUE(Says(refusal(text + "a 3c010a14\n"), "line 5")) << "twice";
  EXPECT_TRUE(Says(refusal(text + "b 3c010a14ff\n"), "line 5")) << "too long";
}

}  // namespace
}  // namespace jetfleet
