#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "not_installed.h"

namespace jetfleet {

/// As long as it lives, v4l2src is a camera that gives these buffers, one every 10 ms, each with
/// its time, and then no more: what becomes of them in front of a parser is as with a device that
/// is there.
class V4l2Double {
 public:
  using Buffers = std::vector<std::vector<std::uint8_t>>;
  V4l2Double(const std::string& caps, Buffers buffers);
  ~V4l2Double();
  V4l2Double(const V4l2Double&) = delete;
  V4l2Double& operator=(const V4l2Double&) = delete;

 private:
  const NotInstalled without_;
};

}  // namespace jetfleet
