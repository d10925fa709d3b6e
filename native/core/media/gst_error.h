#pragma once

#include <gst/gst.h>

#include "core/media/source_uri.h"
#include "core/status.h"

namespace jetfleet {

/// A GStreamer error or warning message as one of our codes, without user and password.
Status StatusOfErrorMessage(GstMessage* message, const SourceUri& uri);
Status StatusOfWarningMessage(GstMessage* message, const SourceUri& uri);

/// The camera's session description names no track.
bool IsEmptyDescription(GstMessage* error);

}  // namespace jetfleet
