#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/media/video_signal.h"
#include "core/sei.h"

namespace jetfleet {

/// What is known of one access unit without decoding it.
struct CodedPicture {
  bool has_slice = false;
  /// Known to be no picture: parameter sets, messages and delimiters alone. What is neither that
  /// nor has a slice is a picture that broke.
  bool beside_pictures = false;
  /// Decoding can begin here and all that follows, in the order of showing, is whole.
  bool key = false;
  /// Decoding can begin here; pictures are whole after so many frames.
  std::optional<int> recovery_frames;
  /// Nothing is predicted from it, so nothing else suffers without it.
  bool disposable = false;
  /// One field of an interlaced picture.
  bool field = false;
  /// A picture that later ones are made from is missing before this one.
  bool gap = false;
  /// By a simulated camera.
  std::optional<FrameTag> tag;
};

/// Reads a codec's access units in their order. For one stream, one thread.
class PictureReader {
 public:
  virtual ~PictureReader() = default;
  /// `delta`: what brought the picture says that it is made from others.
  virtual CodedPicture Read(const std::uint8_t* data, std::size_t size, bool delta) = 0;
  /// As the stream says it so far; nothing where only the decoder can tell.
  virtual VideoSignal signal() const { return {}; }
  /// What came before the next picture is forgotten; parameter sets are not.
  virtual void Restart() {}
};

/// Codecs whose key pictures the container, the depayloader or the parser tells.
std::unique_ptr<PictureReader> ReadFlagged();
/// JPEG: each picture by itself; JFIF's colours, BT.601 in the full range (ITU-T T.871, 7).
std::unique_ptr<PictureReader> ReadJpeg();
/// Pictures that were never coded.
std::unique_ptr<PictureReader> ReadRaw();

}  // namespace jetfleet
