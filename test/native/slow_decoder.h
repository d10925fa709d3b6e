#pragma once

#include <chrono>

namespace jetfleet {

/// As long as it lives, the first decoder of H.264 that the runtime finds is libav's with a pause
/// in front of each picture: it takes the name of a Jetson's.
class SlowDecoder {
 public:
  explicit SlowDecoder(std::chrono::microseconds pause);
  ~SlowDecoder();
  SlowDecoder(const SlowDecoder&) = delete;
  SlowDecoder& operator=(const SlowDecoder&) = delete;
};

}  // namespace jetfleet
