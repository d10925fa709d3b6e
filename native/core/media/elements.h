#pragma once

#include <gst/gst.h>

#include <string>

#include "core/status.h"

/// Elements by their names, and where those come from that are not installed.
namespace jetfleet {

/// NATIVE_LOAD, with the element and the package that brings it.
Status MissingElement(const std::string& element);
/// Ok when the element is installed.
Status RequireElement(const std::string& element);
/// The element is floating and belongs to the caller until a bin takes it.
Status MakeElement(const std::string& element, GstElement** made);
/// The same, into `bin`, which then owns it.
Status MakeElementIn(GstBin* bin, const std::string& element, GstElement** made);

/// The package of Debian, or for elements of a Jetson of NVIDIA, that has an element; empty when it
/// is not known.
std::string PackageOf(const std::string& element);
/// The element that opens such a container; empty when it is none that is known. By its caps, as
/// only they tell MPEG's program streams from its pictures.
std::string DemuxerOf(const GstCaps* caps);

}  // namespace jetfleet
