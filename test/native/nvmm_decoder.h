#pragma once

#include <memory>
#include <string>

#include "nvbuf_double.h"

namespace jetfleet {

/// As long as it lives, the first decoder of H.264 that the runtime finds is a double of a Jetson's
/// that hands out pictures as NvBuffer (JetPack 4) or NvBufSurface (JetPack 5), from a set that it
/// uses again and again. `folder` holds the double of the libraries that know them.
class NvmmDecoder {
 public:
  enum class Memory { kDmabuf, kCuda };
  explicit NvmmDecoder(const std::string& folder, Memory memory = Memory::kDmabuf);
  ~NvmmDecoder();
  NvmmDecoder(const NvmmDecoder&) = delete;
  NvmmDecoder& operator=(const NvmmDecoder&) = delete;

  nvbuf_double::Ledger& ledger() const;
  /// Pictures that were ever made, and those that nobody gave back.
  int made() const;
  int outside() const;
  /// What was decoded into the picture of this DMA-BUF; nothing when it was given back.
  std::string LumaOf(int fd) const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace jetfleet
