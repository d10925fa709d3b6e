#pragma once

#include <gst/video/video.h>

#include "core/media/access_unit.h"
#include "core/media/gst_ptr.h"
#include "core/media/nvmm.h"
#include "core/memory/surface.h"

namespace jetfleet {

/// A decoded picture as a surface, still in the decoder's own buffer: nothing is copied, and the
/// buffer goes back to the decoder with the surface. Visible part and sample aspect are those of
/// `info`; so are matrix and range where the stream's own parameter set (`unit`) does not say, for
/// demuxers lose them. Null for pixel formats that a surface cannot have.
/// `nvmm`: the picture is in a Jetson's own memory, which the CPU does not read; null also when it
/// has no DMA-BUF then.
SurfaceRef SurfaceOf(GstBuffer* picture, const GstVideoInfo& info, const AccessUnit& unit,
                     Rotation rotation, const NvmmPictures* nvmm = nullptr);

}  // namespace jetfleet
