#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "backends/tensorrt/cuda/candidates.h"
#include "core/decode/yolox.h"

/// The GPU's reading of a head, compiled for the processor, against the pipeline's own decoder.
namespace jetfleet::cuda {
namespace {

constexpr int kClasses = 3;
constexpr Size kInput{96, 64};
constexpr int kCells = 12 * 8 + 6 * 4 + 3 * 2;

std::vector<Detection> ByKernel(const std::vector<float>& answers, float min_score) {
  kernels::CandidateParameters all{};
  all.answers = answers.data();
  all.head = kernels::kYolox;
  all.items = 1;
  all.cells = kCells;
  all.fields = 5 + kClasses;
  all.min_score = min_score;
  all.input_width = kInput.width;
  all.input_height = kInput.height;
  std::vector<Detection> found;
  for (int cell = 0; cell < kCells; ++cell) {
    kernels::Candidate candidate;
    if (!kernels::DecodeCell(all, 0, cell, &candidate)) continue;
    EXPECT_EQ(candidate.cell, cell);
    found.push_back({{candidate.left, candidate.top, candidate.width, candidate.height},
                     candidate.score,
                     candidate.label});
  }
  return found;
}

std::vector<Detection> ByDecoder(const std::vector<float>& answers, float min_score) {
  DecoderOptions options;
  options.labels = kClasses;
  std::unique_ptr<YoloxDecoder> decoder;
  const Status made = YoloxDecoder::Create({1, 3, kInput.height, kInput.width},
                                           {1, kCells, 5 + kClasses}, options, &decoder);
  EXPECT_TRUE(made.ok()) << made.message;
  std::vector<Detection> found;
  decoder->DecodeCells(answers.data(), min_score, &found);
  return found;
}

void ExpectSame(const std::vector<float>& answers, float min_score) {
  const std::vector<Detection> kernel = ByKernel(answers, min_score);
  const std::vector<Detection> decoder = ByDecoder(answers, min_score);
  ASSERT_EQ(kernel.size(), decoder.size());
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    EXPECT_EQ(kernel[i].label, decoder[i].label);
    EXPECT_EQ(kernel[i].score, decoder[i].score);
    EXPECT_EQ(kernel[i].box.left, decoder[i].box.left);
    EXPECT_EQ(kernel[i].box.top, decoder[i].box.top);
    EXPECT_EQ(kernel[i].box.width, decoder[i].box.width);
    EXPECT_EQ(kernel[i].box.height, decoder[i].box.height);
  }
}

std::vector<float> RandomAnswers(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> score(0, 1.001F);
  std::normal_distribution<float> offset(0, 2);
  std::vector<float> answers(kCells * (5 + kClasses));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    answers[i] = i % (5 + kClasses) < 4 ? offset(random) : score(random);
  }
  return answers;
}

TEST(CudaCandidates, AreThoseOfTheDecoder) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    for (const float min_score : {0.05F, 0.4F, 0.9F}) ExpectSame(RandomAnswers(seed), min_score);
  }
  EXPECT_GT(ByKernel(RandomAnswers(1), 0.4F).size(), 10U);
}

TEST(CudaCandidates, AreNeverOfNumbersThatAreNone) {
  const float kOdd[] = {std::numeric_limits<float>::quiet_NaN(),
                        std::numeric_limits<float>::infinity(),
                        -std::numeric_limits<float>::infinity(), 1e30F, 100};
  std::vector<float> answers = RandomAnswers(3);
  std::mt19937 random(4);
  for (std::size_t i = 0; i < answers.size(); i += 3) answers[i] = kOdd[random() % 5];
  ExpectSame(answers, 0.3F);
}

}  // namespace
}  // namespace jetfleet::cuda
