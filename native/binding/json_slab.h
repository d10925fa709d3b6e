#pragma once

#include <napi.h>

#include <cstddef>
#include <string>

namespace jetfleet {

/// Hands JSON to JavaScript as views of large pieces of memory, for most messages are small and a
/// piece of memory for each keeps the garbage collector busy. A piece lives as long as a view of
/// it. For the thread of the environment.
class JsonSlab {
 public:
  /// A Uint8Array with a copy of `json`, never written again.
  Napi::Value View(Napi::Env env, const std::string& json);
  /// Before the environment goes.
  void Reset() { slab_.Reset(); }
  void SuppressDestruct() { slab_.SuppressDestruct(); }

 private:
  Napi::Reference<Napi::ArrayBuffer> slab_;
  std::size_t used_ = 0;
};

}  // namespace jetfleet
