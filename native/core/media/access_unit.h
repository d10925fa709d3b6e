#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "core/media/drop_reason.h"
#include "core/memory/color.h"
#include "core/sei.h"
#include "core/trace.h"

namespace jetfleet {

/// What is known of a coded picture before it is decoded. Travels with its buffer through queue and
/// decoder, so a decoder that reorders, swallows or re-times pictures never gives one the number of
/// another.
struct AccessUnit {
  /// In the order of decoding, of this connection.
  std::uint64_t sequence = 0;
  TimePoint arrival;
  TimePoint decode_start;
  /// How long the decoder had been held up by the stages behind it when it began with this one.
  Clock::duration held_up_before{};
  /// As the source gave it; GST_CLOCK_TIME_NONE when it did not.
  GstClockTime pts = GST_CLOCK_TIME_NONE;
  std::optional<FrameTag> tag;
  /// When it is to be shown, where the source knows better than `pts`.
  std::optional<double> pts_ms;
  /// By the camera's own clock, from the tag or from RTCP sender reports.
  std::optional<double> captured_at_ms;
  /// From the camera to this device; nothing while their clocks disagree.
  std::optional<double> way_ms;
  /// By the stream's own parameter set, where it says.
  std::optional<ColorMatrix> matrix;
  std::optional<ColorRange> range;
  /// One field of a picture, whose other may be a unit of its own.
  bool field = false;
  /// Decoding may begin with it.
  bool entry = false;
  /// Decoded for the sake of others; no result.
  std::optional<DropReason> hidden;
  /// First memory block of the picture as the decoder gave it away, to notice copies made behind
  /// it.
  const void* decoded_memory = nullptr;
  /// Copied before, on its way out of the decoder.
  bool copied_out = false;
};

using AccessUnitPtr = std::shared_ptr<AccessUnit>;

/// The buffer must be writable. GstVideoDecoder hands such metadata from what goes in to the
/// picture that comes out.
void AttachAccessUnit(GstBuffer* buffer, AccessUnitPtr unit);
/// Null when the buffer carries none.
AccessUnitPtr AccessUnitOf(GstBuffer* buffer);

}  // namespace jetfleet
