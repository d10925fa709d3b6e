#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "core/sei.h"
#include "core/trace.h"

namespace jetfleet {

/// Of the queue between parser and decoder, in access units.
constexpr int kDecodeQueueCapacity = 4;

/// What is known of an access unit before it is decoded.
struct AccessUnit {
  TimePoint arrival;
  TimePoint decode_start;
  /// How long the decoder had been held up by the stages behind it when it began with this one.
  Clock::duration held_up_before{};
  std::optional<FrameTag> tag;
  /// First memory block of the picture as the decoder gave it away, to notice copies made behind
  /// it.
  const void* decoded_memory = nullptr;
};

/// Remembers access units between the parser and the decoded picture, by presentation time:
/// decoders reorder and may swallow frames, but they keep that. (Metadata on buffers would be
/// simpler, but not every decoder carries it over.) Thread-safe.
class FrameLog {
 public:
  using Pts = std::uint64_t;

  void Arrived(Pts pts, TimePoint now, std::optional<FrameTag> tag);
  void DecodeStarted(Pts pts, TimePoint now, Clock::duration held_up);
  void Decoded(Pts pts, const void* memory);
  /// A new connection counts its time anew.
  void Clear();
  /// Removes and returns the entry of a decoded picture.
  std::optional<AccessUnit> Take(Pts pts);

  struct Levels {
    std::size_t level = 0;
    std::size_t max = 0;
  };
  /// Access units waiting for the decoder, within the queue's capacity; `max` since the last call.
  Levels TakeLevels();

 private:
  /// Of frames that never came out. Larger than any decoder's reordering.
  static constexpr std::size_t kMaxEntries = 128;

  std::mutex mutex_;
  std::map<Pts, AccessUnit> entries_;
  std::size_t waiting_ = 0;
  std::size_t max_waiting_ = 0;
};

}  // namespace jetfleet
