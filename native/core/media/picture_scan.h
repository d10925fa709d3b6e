#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace jetfleet {

/// Codecs of which pictures can be told apart without being parsed.
enum class NalCodec { kH264, kH265 };

/// A picture's mark is made of the beginning of its first slice, which a parser changes nothing of:
/// by it a picture is known again behind the parser. Never 0, and never the time that is none.
using PictureMark = std::uint64_t;

/// Finds the pictures that begin in a byte stream (Annex B), however it is cut into buffers.
class PictureScan {
 public:
  /// Of a slice enough to know it by.
  static constexpr std::size_t kMarked = 32;

  explicit PictureScan(NalCodec codec) : codec_(codec) {}

  /// Marks of those whose beginning is known since the call before, in their order.
  std::vector<PictureMark> Add(const std::uint8_t* data, std::size_t size);
  /// The same at the end of the stream.
  std::vector<PictureMark> End();

 private:
  /// Two zeros may yet belong to what ends it.
  static constexpr std::size_t kSeen = kMarked + 2;

  void Finish(std::vector<PictureMark>* marks);

  const NalCodec codec_;
  /// The beginning of the NAL unit that is under way.
  std::array<std::uint8_t, kSeen> head_{};
  std::size_t size_ = 0;
  bool open_ = false;
  int zeros_ = 0;
};

/// Of one access unit, as a parser gives it; where its first slice is broken away, by what is left.
PictureMark MarkOf(NalCodec codec, const std::uint8_t* data, std::size_t size);

/// Whether there is a picture in a sample of a container, whose NAL units have their lengths in
/// front, of so many bytes: parameter sets may come in samples of their own. What is broken is one.
bool SampleHasPicture(NalCodec codec, std::size_t length_bytes, const std::uint8_t* data,
                      std::size_t size);

}  // namespace jetfleet
