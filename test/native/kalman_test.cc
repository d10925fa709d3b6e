#include "core/track/kalman.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace jetfleet {
namespace {

/// The filter as published: eight dimensions, full matrices.
class FullFilter {
 public:
  explicit FullFilter(const Box& box) {
    const auto z = Measure(box);
    const double h = z[3];
    std::copy(z.begin(), z.end(), mean_.begin());
    const std::array<double, 8> std = {2 * h / 20,   2 * h / 20,   1e-2, 2 * h / 20,
                                       10 * h / 160, 10 * h / 160, 1e-5, 10 * h / 160};
    for (std::size_t i = 0; i < 8; ++i) p_[i][i] = std[i] * std[i];
  }

  void Predict() {
    const double h = mean_[3];
    const std::array<double, 8> std = {h / 20,  h / 20,  1e-2, h / 20,
                                       h / 160, h / 160, 1e-5, h / 160};
    for (std::size_t i = 0; i < 4; ++i) mean_[i] += mean_[i + 4];
    Matrix moved{};  // F P Fᵀ with F = I + shift
    for (std::size_t i = 0; i < 8; ++i) {
      for (std::size_t j = 0; j < 8; ++j) {
        moved[i][j] = At(i, j) + At(i + 4, j) + At(i, j + 4) + At(i + 4, j + 4);
      }
    }
    p_ = moved;
    for (std::size_t i = 0; i < 8; ++i) p_[i][i] += std[i] * std[i];
  }

  void Update(const Box& box) {
    const double h = mean_[3];
    const std::array<double, 4> std = {h / 20, h / 20, 1e-1, h / 20};
    const auto z = Measure(box);
    // One coordinate after the other: the measurement noise is diagonal.
    for (std::size_t m = 0; m < 4; ++m) {
      const double s = p_[m][m] + std[m] * std[m];
      const double innovation = z[m] - mean_[m];
      std::array<double, 8> gain{};
      for (std::size_t i = 0; i < 8; ++i) gain[i] = p_[i][m] / s;
      const auto row = p_[m];
      for (std::size_t i = 0; i < 8; ++i) {
        mean_[i] += gain[i] * innovation;
        for (std::size_t j = 0; j < 8; ++j) p_[i][j] -= gain[i] * row[j];
      }
    }
  }

  const std::array<double, 8>& mean() const { return mean_; }

 private:
  using Matrix = std::array<std::array<double, 8>, 8>;
  static std::array<double, 4> Measure(const Box& box) {
    return {box.left + box.width / 2.0, box.top + box.height / 2.0,
            static_cast<double>(box.width) / box.height, box.height};
  }
  double At(std::size_t i, std::size_t j) const { return i < 8 && j < 8 ? p_[i][j] : 0; }

  std::array<double, 8> mean_{};
  Matrix p_{};
};

/// Seconds.
constexpr double kFrame = 0.04;

TEST(Kalman, IsTheEightDimensionalFilter) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> jitter(-3, 3);
  Box box{100, 200, 40, 90};
  BoxFilter four(box);
  FullFilter eight(box);
  for (int frame = 0; frame < 60; ++frame) {
    four.Predict(kFrame, kFrame);
    eight.Predict();
    if (frame % 7 != 3) {
      box = {100 + 4.0F * static_cast<float>(frame) + jitter(random), 200 + jitter(random),
             40 + jitter(random), 90 + jitter(random)};
      four.Update(box);
      eight.Update(box);
    }
    const auto& mean = eight.mean();
    EXPECT_NEAR(four.box().left + four.box().width / 2, mean[0], 1e-2);
    EXPECT_NEAR(four.box().top + four.box().height / 2, mean[1], 1e-2);
    EXPECT_NEAR(four.box().width, mean[2] * mean[3], 1e-2);
    EXPECT_NEAR(four.box().height, mean[3], 1e-2);
  }
}

TEST(Kalman, MovesOverAGapAsOverEachFrameOfIt) {
  BoxFilter once({100, 200, 40, 90});
  BoxFilter often = once;
  for (int frame = 1; frame < 12; ++frame) {
    const Box box{100 + 4.0F * static_cast<float>(frame), 200, 40, 90};
    once.Predict(kFrame, kFrame);
    often.Predict(kFrame, kFrame);
    once.Update(box);
    often.Update(box);
  }
  once.Predict(5 * kFrame, kFrame);
  for (int i = 0; i < 5; ++i) often.Predict(kFrame, kFrame);
  EXPECT_NEAR(once.box().left, often.box().left, 1e-3);
  EXPECT_GT(once.box().left, 100 + 4 * 11 + 15);
  once.Update({170, 200, 40, 90});
  often.Update({170, 200, 40, 90});
  EXPECT_NEAR(once.box().left, often.box().left, 0.01) << "and trusts the next box as much";
}

}  // namespace
}  // namespace jetfleet
