#pragma once

#include <gst/gst.h>

#include "core/media/source_uri.h"
#include "core/status.h"

namespace jetfleet {

/// A GStreamer error message as one of our codes, without user and password.
Status StatusOfErrorMessage(GstMessage* message, const SourceUri& uri);

}  // namespace jetfleet
