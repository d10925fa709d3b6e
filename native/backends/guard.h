#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <new>
#include <string>

#include "backends/sized.h"

/// How a backend's functions fail: with a code and words, never with an exception.
namespace jetfleet {

/// Fills `error`, if there is one, and returns the code.
inline std::int32_t Fail(JfError* error, JfCode code, const std::string& message) {
  if (error == nullptr || error->struct_size < kFirstSize<JfError>) return code;
  error->code = code;
  const std::size_t length = std::min(message.size(), sizeof(error->message) - 1);
  std::copy_n(message.data(), length, error->message);
  error->message[length] = '\0';
  return code;
}

/// Runs `work`, which answers with a code; what it throws becomes `code` and "`doing`: what".
template <typename Work>
std::int32_t Guard(JfError* error, JfCode code, const std::string& doing, Work work) noexcept {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Fail(error, JF_OUT_OF_MEMORY, doing + ": out of memory");
  } catch (const std::exception& failure) {
    return Fail(error, code, doing + ": " + failure.what());
  } catch (...) {
    return Fail(error, code, doing);
  }
}

}  // namespace jetfleet
