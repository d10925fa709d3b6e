#pragma once

#include <cstddef>
#include <cstdint>

/// Memory brought near before it is needed. What a processor fetches by itself lies behind what is
/// read, and rows are short: where another processor had it last, most of the time would go by
/// waiting.
namespace jetfleet {

constexpr std::size_t kCacheLine = 64;

inline void FetchToRead(const void* begin, std::size_t bytes) {
  const auto* const at = static_cast<const std::uint8_t*>(begin);
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(at + i);
}

/// So that no other processor has a copy of it any more.
inline void FetchToWrite(void* begin, std::size_t bytes) {
  auto* const at = static_cast<std::uint8_t*>(begin);
  for (std::size_t i = 0; i < bytes; i += kCacheLine) {
#ifdef __x86_64__
    // The compiler would take the instruction for reading, for the oldest processors have no other.
    asm volatile("prefetchw %0" ::"m"(at[i]));
#else
    __builtin_prefetch(at + i, 1);
#endif
  }
}

}  // namespace jetfleet
