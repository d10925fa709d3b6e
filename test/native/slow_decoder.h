#pragma once

#include <chrono>
#include <string>

namespace jetfleet {

/// As long as it lives, the first decoder of H.264 that the runtime finds is libav's with a pause
/// in front of each picture: it takes the name of a Jetson's. Of each picture it warns with these
/// words, if there are any.
class SlowDecoder {
 public:
  explicit SlowDecoder(std::chrono::microseconds pause, const std::string& warning = "");
  ~SlowDecoder();
  SlowDecoder(const SlowDecoder&) = delete;
  SlowDecoder& operator=(const SlowDecoder&) = delete;
};

}  // namespace jetfleet
