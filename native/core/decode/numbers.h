#pragma once

#include <cstdint>
#include <vector>

#include "core/memory/tensor.h"

namespace jetfleet {

/// One item of each output as float32, whatever the outputs' types are: float32 where it lies, all
/// else copied (and scaled where it is quantised). Valid as long as the outputs are.
class Numbers {
 public:
  Numbers(const std::vector<TensorView>& outputs, std::int64_t item);

  const float* operator[](std::size_t output) const { return values_[output]; }
  /// Of one item.
  std::size_t count(std::size_t output) const { return counts_[output]; }
  std::size_t size() const { return values_.size(); }

 private:
  std::vector<const float*> values_;
  std::vector<std::size_t> counts_;
  std::vector<std::vector<float>> copies_;
};

/// IEEE 754 binary16.
float FloatOfHalf(std::uint16_t half);
/// To the nearest, halves to the even one; what is too large becomes infinite.
std::uint16_t HalfOfFloat(float value);

}  // namespace jetfleet
