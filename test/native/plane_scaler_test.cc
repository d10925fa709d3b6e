#include "core/prepare/plane_scaler.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace jetfleet {
namespace {

/// Shares are of 256 both ways, and the result is rounded.
constexpr double kMost = 1.5;

/// A plane of noise whose last byte is the last that may be read: the page behind it is closed.
class GuardedPlane {
 public:
  GuardedPlane(Size size, int stride) : size_(size), stride_(stride) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes =
        static_cast<std::size_t>(stride) * (Length(size.height) - 1) + Length(size.width);
    const std::size_t pages = (bytes + page - 1) / page * page;
    mapped_ = pages + page;
    memory_ = static_cast<std::uint8_t*>(
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(memory_ + pages, page, PROT_NONE);
    begin_ = memory_ + pages - bytes;
    std::mt19937 random(1);
    std::generate(begin_, begin_ + bytes, [&] { return static_cast<std::uint8_t>(random()); });
  }
  ~GuardedPlane() { munmap(memory_, mapped_); }
  GuardedPlane(const GuardedPlane&) = delete;
  GuardedPlane& operator=(const GuardedPlane&) = delete;

  const std::uint8_t* begin() const { return begin_; }
  int stride() const { return stride_; }

  /// Bilinear with half-pixel centres, in floating point.
  double At(Size to, int x, int y) const {
    const auto place = [](int index, int from, int all) {
      return std::clamp((index + 0.5) * from / all - 0.5, 0.0, from - 1.0);
    };
    const double across = place(x, size_.width, to.width);
    const double down = place(y, size_.height, to.height);
    const auto left = static_cast<int>(across);
    const auto top = static_cast<int>(down);
    const auto row = [&](int line) {
      const std::uint8_t* const samples = begin_ + static_cast<std::ptrdiff_t>(line) * stride_;
      const int right = std::min(left + 1, size_.width - 1);
      return samples[left] + (samples[right] - samples[left]) * (across - left);
    };
    const double above = row(top);
    return above + (row(std::min(top + 1, size_.height - 1)) - above) * (down - top);
  }

 private:
  static std::size_t Length(int length) { return static_cast<std::size_t>(length); }

  const Size size_;
  const int stride_;
  std::uint8_t* memory_ = nullptr;
  std::uint8_t* begin_ = nullptr;
  std::size_t mapped_ = 0;
};

/// The largest difference to arithmetic without rounding.
double WorstError(PlaneScaler* scaler, Size from, Size to, int stride) {
  const GuardedPlane plane(from, stride);
  std::vector<std::uint8_t> scaled(static_cast<std::size_t>(to.width * to.height));
  scaler->Run(plane.begin(), plane.stride(), from, scaled.data(), to);
  double worst = 0;
  for (int y = 0; y < to.height; ++y) {
    for (int x = 0; x < to.width; ++x) {
      const auto got = static_cast<double>(scaled[static_cast<std::size_t>(y * to.width + x)]);
      worst = std::max(worst, std::fabs(got - plane.At(to, x, y)));
    }
  }
  return worst;
}

TEST(PlaneScaler, MixesFourNeighboursAndReadsNothingElse) {
  if (OwnScaleRows() == nullptr) GTEST_SKIP() << "this processor scales by libyuv";
  PlaneScaler scaler;
  std::mt19937 random(2);
  const auto length = [&](int most) { return std::uniform_int_distribution<int>(2, most)(random); };
  for (int i = 0; i < 200; ++i) {
    const Size from{length(300), length(80)};
    const Size to{std::min(length(300), from.width), std::min(length(80), from.height)};
    if (from == to) continue;
    ASSERT_LE(WorstError(&scaler, from, to, from.width + i % 3), kMost)
        << from.width << "x" << from.height << " to " << to.width << "x" << to.height;
  }
  EXPECT_LE(WorstError(&scaler, {1920, 1080}, {416, 234}, 1984), kMost);
  EXPECT_LE(WorstError(&scaler, {960, 540}, {208, 117}, 960), kMost);
}

/// The largest difference of what comes of pairs to what comes of their planes.
int WorstOfPairs(PlaneScaler* scaler, Size from, Size to) {
  const GuardedPlane pairs({2 * from.width, from.height}, 2 * from.width + 2);
  const auto area = static_cast<std::size_t>(to.width * to.height);
  std::vector<std::uint8_t> apart[2] = {std::vector<std::uint8_t>(area),
                                        std::vector<std::uint8_t>(area)};
  scaler->RunPairs(pairs.begin(), pairs.stride(), from, apart[0].data(), apart[1].data(), to);
  int worst = 0;
  for (int sample = 0; sample < 2; ++sample) {
    std::vector<std::uint8_t> plane;
    for (int y = 0; y < from.height; ++y) {
      for (int x = 0; x < from.width; ++x) {
        plane.push_back(pairs.begin()[y * pairs.stride() + 2 * x + sample]);
      }
    }
    std::vector<std::uint8_t> expected(area);
    PlaneScaler().Run(plane.data(), from.width, from, expected.data(), to);
    for (std::size_t i = 0; i < area; ++i) {
      worst = std::max(worst, std::abs(expected[i] - apart[sample][i]));
    }
  }
  return worst;
}

TEST(PlaneScaler, ScalesPairsAsTheirPlanes) {
  PlaneScaler ours;
  PlaneScaler portable(&PortableScaleRows());
  PlaneScaler none(nullptr);
  const int most = OwnScaleRows() == nullptr ? 2 : 0;
  std::mt19937 random(3);
  const auto length = [&](int end) { return std::uniform_int_distribution<int>(1, end)(random); };
  for (int i = 0; i < 200; ++i) {
    const Size from{length(200), length(60)};
    const Size to{length(220), length(70)};
    for (PlaneScaler* scaler : {&ours, &portable, &none}) {
      ASSERT_LE(WorstOfPairs(scaler, from, to), most)
          << from.width << "x" << from.height << " to " << to.width << "x" << to.height;
    }
  }
}

TEST(PlaneScaler, LeavesToLibyuvWhatIsNoReduction) {
  PlaneScaler scaler;
  for (const auto& [from, to] : {std::pair<Size, Size>{{1, 1}, {8, 8}},
                                 {{1, 40}, {1, 20}},
                                 {{40, 1}, {20, 1}},
                                 {{33, 17}, {66, 17}},
                                 {{20, 20}, {20, 20}}}) {
    std::vector<std::uint8_t> scaled(static_cast<std::size_t>(to.width * to.height), 7);
    const GuardedPlane plane(from, from.width);
    scaler.Run(plane.begin(), plane.stride(), from, scaled.data(), to);
    if (from == to) {
      EXPECT_TRUE(std::equal(scaled.begin(), scaled.end(), plane.begin()));
    }
    if (from == Size{1, 1}) {
      EXPECT_EQ(scaled.back(), *plane.begin());
    }
  }
}

}  // namespace
}  // namespace jetfleet
