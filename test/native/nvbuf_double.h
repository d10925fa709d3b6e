#pragma once

#include <cstdint>
#include <vector>

/// What the doubles of a Jetson's picture libraries (nvbuf_double.cc) have and saw.
namespace jetfleet::nvbuf_double {

/// A picture of the double; its EGL image is its address.
struct Picture {
  int fd = -1;
  int format = 0;
  int width = 0;
  int height = 0;
  bool by_decoder = false;
  int planes = 0;
  /// Bytes of a pixel of each plane, and how often its sides are halved.
  int bytes[2] = {};
  int halved[2] = {};
  int strides[2] = {};
  std::vector<std::uint8_t> samples[2];
};

/// Formats by the double's own numbers: callers hand on what they read.
constexpr int kNv12 = 105;
constexpr int kRgba = 119;

struct Ledger {
  /// Pictures that were made by the calls under test, not by the decoder, and are not freed.
  int pictures = 0;
  int images = 0;
  int made = 0;
  int transforms = 0;
  int sessions = 0;
  /// Calls with what the documentation forbids, or on what is not there.
  int mistakes = 0;
  /// The next calls answer with a failure.
  bool fail_transform = false;
  bool fail_create = false;
  bool fail_session = false;
};

using LedgerCall = Ledger*();
/// A picture as a decoder hands it out, filled with waves: fine noise would tell filters apart, of
/// which the vendor says no more than "bilinear".
using DecodeCall = Picture*(int format, int width, int height, unsigned seed);
using ForgetCall = void(Picture* picture);

}  // namespace jetfleet::nvbuf_double
