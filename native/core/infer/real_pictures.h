#pragma once

#include <cstddef>

#include "core/memory/surface.h"

namespace jetfleet {

/// Photographs of a person, an animal and a table, small ones: what a model is tried on before it
/// is put to work. A detector is never sure of nothing in all of them.
constexpr std::size_t kRealPictures = 3;
/// Of them, number `number % kRealPictures`. Lives for ever.
SurfaceView RealPicture(std::size_t number);

}  // namespace jetfleet
