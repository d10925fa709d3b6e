#pragma once

#include <gst/gst.h>

#include "core/sei.h"

namespace jetfleet::camera {

/// Puts the tag's SEI in front of the first slice of one access unit (byte-stream format). Takes
/// ownership of `unit` and returns a buffer that the caller owns, with the same times and flags.
GstBuffer* InsertFrameTag(GstBuffer* unit, const FrameTag& tag);

}  // namespace jetfleet::camera
