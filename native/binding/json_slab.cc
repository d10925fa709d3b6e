#include "binding/json_slab.h"

#include <cstring>

namespace jetfleet {
namespace {

constexpr std::size_t kSlabBytes = std::size_t{64} * 1024;
/// What is larger has memory of its own.
constexpr std::size_t kMostShared = kSlabBytes / 4;

Napi::Value Copy(Napi::Env env, Napi::ArrayBuffer to, std::size_t at, const std::string& json) {
  if (to.IsEmpty()) return env.Undefined();  // no memory: an exception is pending
  std::memcpy(static_cast<char*>(to.Data()) + at, json.data(), json.size());
  return Napi::Uint8Array::New(env, json.size(), to, at);
}

}  // namespace

Napi::Value JsonSlab::View(Napi::Env env, const std::string& json) {
  if (json.size() > kMostShared) {
    return Copy(env, Napi::ArrayBuffer::New(env, json.size()), 0, json);
  }
  if (slab_.IsEmpty() || kSlabBytes - used_ < json.size()) {
    const auto slab = Napi::ArrayBuffer::New(env, kSlabBytes);
    if (slab.IsEmpty()) return env.Undefined();
    slab_ = Napi::Persistent(slab);
    used_ = 0;
  }
  const std::size_t at = used_;
  used_ += json.size();
  return Copy(env, slab_.Value(), at, json);
}

}  // namespace jetfleet
