#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/media/coded_picture.h"
#include "core/media/gst_ptr.h"
#include "core/memory/buffer.h"
#include "core/status.h"

namespace jetfleet {

/// One way from coded to decoded pictures our stages can read.
struct DecoderRow {
  const char* decoder;
  /// Brings the pictures into `caps`; does nothing (and copies nothing) when they are there
  /// already.
  const char* converter;
  const char* caps;
  MemoryKind memory;
};

/// A codec, from the names it goes by to the decoders that know it, best first.
struct CodecRow {
  const char* name;
  /// In a session description (RFC 4566, rtpmap).
  const char* rtp_name;
  /// In a container.
  const char* caps_name;
  const char* depayloader;
  const char* parser;
  /// Where this version of GStreamer has no such parser, pictures are read as they come.
  bool needs_parser;
  /// As the decoders take it.
  const char* parsed_caps;
  std::unique_ptr<PictureReader> (*read)();
  std::vector<DecoderRow> decoders;
};

/// All codecs that can be decoded; of several tracks, the one that stands first here is read.
const std::vector<CodecRow>& CodecTable();
/// Pictures of a device or a generator that were never coded: the "decoder" only passes them on.
const CodecRow& RawPictures();
/// The same from a Jetson's camera, which are in its own memory.
const CodecRow& RawNvmmPictures();
/// Null when no codec is called so in a session description, or in a container.
const CodecRow* CodecByRtpName(const std::string& name);
const CodecRow* CodecByCaps(const std::string& name);
/// "H.264, H.265 or JPEG", for messages.
std::string CodecNames();

/// A decoder that has opened its device, with its converter. Both are floating and belong to the
/// caller.
struct OpenedDecoder {
  const DecoderRow* row = nullptr;
  GstElement* decoder = nullptr;
  GstElement* converter = nullptr;
};

/// Whether pictures may stay in a Jetson's decoder.
enum class Nvmm { kNo, kMay };

/// The first decoder of the row that this machine has and that opens (state READY). `passed_over`
/// hears of those that do not open, that lack their converter, and of a Jetson's where pictures may
/// stay in it and it is not installed. NATIVE_LOAD when none is left.
Status OpenDecoder(const CodecRow& codec, Nvmm nvmm,
                   const std::function<void(const Status&)>& passed_over, OpenedDecoder* opened);

/// Sets a property from its text where this version of the element has it.
bool SetIfPresent(GstElement* element, const char* property, const std::string& value);

}  // namespace jetfleet
