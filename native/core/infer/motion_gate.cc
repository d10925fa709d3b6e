#include "core/infer/motion_gate.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace jetfleet {
namespace {

constexpr int kMostColumns = 160;
/// Samples of a cell; their sum is what is compared.
constexpr int kSamples = 4;
constexpr int kMostSum = 255 * kSamples;
/// Pictures from which the noise is known.
constexpr std::size_t kLearn = 8;
/// Of the normal distribution, over its median deviation.
constexpr double kSigma = 1.4826;
/// A cell that differs by more deviations has changed: of 14,000, noise changes none in a minute.
constexpr double kSigmas = 6;
/// Grey levels: less is what encoders make of a picture without noise, more no camera's noise.
constexpr double kLeast = 6;
constexpr double kMost = 48;
/// The noise is seen as well in a part of the cells.
constexpr std::size_t kNoiseStep = 4;

/// Bytes from one sample of luma to the next, and to the first one.
std::pair<std::size_t, std::size_t> LumaOf(PixelFormat format) {
  switch (format) {
    case PixelFormat::kRgb:
      return {3, 1};
    case PixelFormat::kRgba:
    case PixelFormat::kBgra:
      return {4, 1};
    default:
      return {1, 0};
  }
}

}  // namespace

bool MotionGate::Differs(const SurfaceView& view) {
  std::swap(last_, now_);
  Scale(view);
  if (last_.size() != now_.size()) {
    learnt_ = 0;
    return true;
  }
  LearnNoise();
  if (learnt_ < kLearn || kept_.size() != now_.size()) return true;
  const double limit = std::clamp(kSigmas * noise(), kLeast, kMost) * kSamples;
  const std::size_t changed = CountChanged(SpreadOf(kept_, 1).median, limit);
  return static_cast<double>(changed) > threshold_ * static_cast<double>(now_.size());
}

void MotionGate::Scale(const SurfaceView& view) {
  const auto cell =
      static_cast<std::size_t>(std::max((view.size.width + kMostColumns - 1) / kMostColumns, 1));
  columns_ = static_cast<std::size_t>(view.size.width) / cell;
  const std::size_t rows = static_cast<std::size_t>(view.size.height) / cell;
  now_.resize(columns_ * rows);
  const auto [pixel, first] = LumaOf(view.format);
  const std::size_t near = cell / 4;
  const std::size_t far = cell * 3 / 4;
  const auto stride = static_cast<std::size_t>(view.strides[0]);
  std::uint16_t* to = now_.data();
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint8_t* const upper = view.planes[0] + (row * cell + near) * stride + first;
    const std::uint8_t* const lower = view.planes[0] + (row * cell + far) * stride + first;
    for (std::size_t column = 0; column < columns_; ++column) {
      const std::size_t left = (column * cell + near) * pixel;
      const std::size_t right = (column * cell + far) * pixel;
      *to++ = static_cast<std::uint16_t>(upper[left] + upper[right] + lower[left] + lower[right]);
    }
  }
}

MotionGate::Spread MotionGate::SpreadOf(const Cells& before, std::size_t step) {
  histogram_.assign(2 * kMostSum + 1, 0);
  std::size_t count = 0;
  for (std::size_t i = 0; i < now_.size(); i += step, ++count) {
    ++histogram_[static_cast<std::size_t>(now_[i] - before[i] + kMostSum)];
  }
  std::size_t median = 0;
  std::size_t below = 0;
  while (2 * (below + histogram_[median]) < count) below += histogram_[median++];
  std::size_t deviation = 0;
  for (std::size_t within = histogram_[median]; 2 * within < count;) {
    ++deviation;
    if (median >= deviation) within += histogram_[median - deviation];
    if (median + deviation < histogram_.size()) within += histogram_[median + deviation];
  }
  return {static_cast<int>(median) - kMostSum, static_cast<int>(deviation)};
}

void MotionGate::LearnNoise() {
  deviations_[learnt_++ % deviations_.size()] = SpreadOf(last_, kNoiseStep).deviation;
}

double MotionGate::noise() const {
  if (learnt_ < kLearn) return 0;
  // The least, for what moves in much of a picture spreads it, too; half a level for what is cut.
  const auto end =
      deviations_.begin() + static_cast<std::ptrdiff_t>(std::min(learnt_, deviations_.size()));
  return kSigma * (*std::min_element(deviations_.begin(), end) + 0.5) / kSamples;
}

std::size_t MotionGate::CountChanged(int median, double limit) const {
  const int most = static_cast<int>(limit);
  const auto changed = [&](std::size_t i) { return std::abs(now_[i] - kept_[i] - median) > most; };
  std::size_t count = 0;
  for (std::size_t i = 0; i < now_.size(); ++i) {
    // One alone is a fault of the sensor or the encoder. Changed ones are few: the others cost one
    // comparison.
    if (!changed(i)) continue;
    const bool beside = i % columns_ > 0 && changed(i - 1);
    const bool next = i % columns_ + 1 < columns_ && changed(i + 1);
    const bool above = i >= columns_ && changed(i - columns_);
    const bool below = i + columns_ < now_.size() && changed(i + columns_);
    if (beside || next || above || below) ++count;
  }
  return count;
}

}  // namespace jetfleet
