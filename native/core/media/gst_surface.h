#pragma once

#include <gst/video/video.h>

#include "core/media/gst_ptr.h"
#include "core/memory/surface.h"

namespace jetfleet {

/// A decoded picture as a surface, still in the decoder's own buffer: nothing is copied, and the
/// buffer goes back to the decoder with the surface. Colours, sample aspect and visible part are
/// those of `info`. Null for pixel formats that a surface cannot have.
SurfaceRef SurfaceOf(GstPtr<GstSample> sample, const GstVideoInfo& info);

}  // namespace jetfleet
