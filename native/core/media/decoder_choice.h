#pragma once

#include <gst/gst.h>

#include "core/status.h"

namespace jetfleet {

/// One way from H.264 to pictures our stages can read.
struct DecoderChoice {
  const char* decoder;
  /// Brings the pictures into `caps`; does nothing (and copies nothing) when they are there
  /// already.
  const char* converter;
  const char* caps;
};

/// The first decoder this machine has. A path that keeps pictures in NVMM is a further row, with
/// its own caps and its own kind of Buffer.
Status ChooseDecoder(const DecoderChoice** choice);

/// Settings that differ by decoder, such as latency before throughput.
void ConfigureDecoder(GstElement* decoder);

}  // namespace jetfleet
