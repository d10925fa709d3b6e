#include "core/decode/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace jetfleet {
namespace {

constexpr int kHalfBias = 15;
constexpr int kHalfFraction = 10;

template <typename T>
void Copy(const TensorView& item, std::vector<float>* to) {
  const auto* const from = item.Host<const T>();
  const Quantisation& by = item.desc().quantisation;
  const float scale = by.scale == 0 ? 1 : by.scale;
  const float zero = by.scale == 0 ? 0 : static_cast<float>(by.zero_point);
  for (std::size_t i = 0; i < to->size(); ++i) {
    (*to)[i] = (static_cast<float>(from[i]) - zero) * scale;
  }
}

void CopyHalves(const TensorView& item, std::vector<float>* to) {
  const auto* const from = item.Host<const std::uint16_t>();
  for (std::size_t i = 0; i < to->size(); ++i) (*to)[i] = FloatOfHalf(from[i]);
}

}  // namespace

float FloatOfHalf(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t exponent = (half >> 10U) & 0x1fU;
  const std::uint32_t fraction = half & 0x3ffU;
  if (exponent == 0) {
    const float small = std::ldexp(static_cast<float>(fraction), 1 - kHalfBias - kHalfFraction);
    return sign != 0 ? -small : small;
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xffU : exponent + 127U - kHalfBias;
  const std::uint32_t bits = sign | (wide << 23U) | (fraction << 13U);
  float value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

std::uint16_t HalfOfFloat(float value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000U : 0U;
  const float size = std::fabs(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00U);
  // 65520 is half way to what would come after the greatest.
  if (size == 0) return sign;
  if (size >= 65520.0F) return static_cast<std::uint16_t>(sign | 0x7c00U);
  int exponent = 0;
  std::frexp(size, &exponent);
  // Steps of the number's own binade, or of the smallest numbers.
  const int step = std::max(exponent - 1, 1 - kHalfBias) - kHalfFraction;
  const auto steps = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(size, -step)));
  // A carry of the fraction into the exponent is just what rounding up means.
  const auto base = static_cast<std::uint32_t>(step + kHalfFraction + kHalfBias - 1)
                    << static_cast<std::uint32_t>(kHalfFraction);
  return static_cast<std::uint16_t>(sign | (base + steps));
}

Numbers::Numbers(const std::vector<TensorView>& outputs, std::int64_t item) {
  copies_.resize(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const TensorView one = outputs[i].Slot(item);
    const auto count = static_cast<std::size_t>(one.desc().shape.Count());
    counts_.push_back(count);
    if (one.desc().type == ElementType::kFloat32) {
      values_.push_back(one.Host<const float>());
      continue;
    }
    copies_[i].resize(count);
    switch (one.desc().type) {
      case ElementType::kFloat16:
        CopyHalves(one, &copies_[i]);
        break;
      case ElementType::kInt8:
        Copy<std::int8_t>(one, &copies_[i]);
        break;
      case ElementType::kInt32:
        Copy<std::int32_t>(one, &copies_[i]);
        break;
      case ElementType::kInt64:
        Copy<std::int64_t>(one, &copies_[i]);
        break;
      default:
        Copy<std::uint8_t>(one, &copies_[i]);
    }
    values_.push_back(copies_[i].data());
  }
}

}  // namespace jetfleet
