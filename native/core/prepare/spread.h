#pragma once

#include <cstdint>

#include "core/decode/placement.h"

namespace jetfleet {

/// Spreads packed B, G, R bytes (tight, of the placement's target size) over the planes of a float
/// input [3,H,W], with the channel order, mean and scale of the specification, and fills the rest
/// with padding. Compiled for several instruction sets; the processor decides while running.
void Spread(const std::uint8_t* bgr, const PreprocessSpec& spec, const Placement& placement,
            float* input);

/// The same in the instruction set that every processor of the kind has; the measure for tests.
void SpreadPortably(const std::uint8_t* bgr, const PreprocessSpec& spec, const Placement& placement,
                    float* input);

}  // namespace jetfleet
