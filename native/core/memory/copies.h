#pragma once

#include <array>
#include <cstddef>

namespace jetfleet {

/// Where full pictures or tensors may be copied on their way: from the decoder to the surface we
/// get, from the surface to the model's input (when it first has to reach other memory), and from
/// what the model wrote to what its decoder reads.
enum class Link : std::size_t { kDecoderToSurface, kSurfaceToInput, kOutputToDecoder };
constexpr std::size_t kLinkCount = 3;
const char* LinkName(Link link);

/// Copies of one frame, by link. Scaling a picture into the model's input is work and no copy.
class CopyCount {
 public:
  struct Entry {
    int copies = 0;
    std::size_t bytes = 0;
  };

  void Add(Link link, std::size_t bytes) {
    Entry& entry = links_[static_cast<std::size_t>(link)];
    ++entry.copies;
    entry.bytes += bytes;
  }
  const Entry& at(Link link) const { return links_[static_cast<std::size_t>(link)]; }
  Entry Total() const {
    Entry total;
    for (const Entry& entry : links_) {
      total.copies += entry.copies;
      total.bytes += entry.bytes;
    }
    return total;
  }

 private:
  std::array<Entry, kLinkCount> links_{};
};

}  // namespace jetfleet
