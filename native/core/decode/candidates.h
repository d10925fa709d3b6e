#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "core/memory/tensor.h"

namespace jetfleet {

/// Candidates of one picture that an accelerator keeps: 32 KiB. An object lights up ten to twenty
/// cells.
constexpr std::uint32_t kMostCandidates = 1024;

/// An output of a model that accelerators may read by themselves.
struct CandidateHead {
  /// JfHead.
  std::int32_t head = 0;
  /// Number of the output.
  std::uint32_t output = 0;
};

/// Boxes of one picture in pixels of the model's input, in the order of their cells, from a tensor
/// as JfContextFunctions::filter makes it. Returns how many there were, of which no more than
/// `kMostCandidates` were kept. What is no number, or of no label, is left out.
std::uint32_t ReadCandidates(const TensorView& row, std::size_t labels, float min_score,
                             std::vector<Detection>* found);

}  // namespace jetfleet
