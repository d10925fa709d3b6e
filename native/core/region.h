#pragma once

#include "core/geometry.h"
#include "core/memory/surface.h"

namespace jetfleet {

/// A part of a picture as it is shown, in shares of its width and height: from 0 to 1.
struct Region {
  double left = 0;
  double top = 0;
  double width = 1;
  double height = 1;
};

/// A part of a picture, and where it begins in the whole, in pixels of the whole as it is shown.
struct PicturePart {
  SurfaceRef surface;
  float left = 0;
  float top = 0;
};

/// Shares the memory: nothing is copied. To the whole pairs of pixels around the region, so that it
/// begins with a sample of chroma.
PicturePart PartOf(const Surface& whole, const Region& region);

}  // namespace jetfleet
