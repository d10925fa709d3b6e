#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "backends/backend_abi.h"

/// Reading and writing structs of backend_abi.h whose other side may be older or newer.
namespace jetfleet {

/// Size of each struct in the first version: a smaller one was never right. Members that are added
/// later are not counted here.
template <typename T>
constexpr std::size_t kFirstSize = sizeof(T);
template <>
inline constexpr std::size_t kFirstSize<JfBuildOptions> = offsetof(JfBuildOptions, flags);
template <>
inline constexpr std::size_t kFirstSize<JfBuildEvents> = offsetof(JfBuildEvents, problem);
template <>
inline constexpr std::size_t kFirstSize<JfLoadOptions> = offsetof(JfLoadOptions, mac_key_bytes);
template <>
inline constexpr std::size_t kFirstSize<JfCapabilities> = offsetof(JfCapabilities,
                                                                   preprocessor_count);
template <>
inline constexpr std::size_t kFirstSize<JfContextOptions> = offsetof(JfContextOptions,
                                                                     preprocessor);
template <>
inline constexpr std::size_t kFirstSize<JfContextFunctions> = offsetof(JfContextFunctions, filter);
template <>
inline constexpr std::size_t kFirstSize<JfProgramFunctions> = offsetof(JfProgramFunctions, inspect);
template <>
inline constexpr std::size_t kFirstSize<JfBackendFunctions> = offsetof(JfBackendFunctions,
                                                                       allocate);

/// A struct of our own, ready to be filled.
template <typename T>
T Sized() {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memset(&value, 0, sizeof(value));
  value.struct_size = sizeof(T);
  return value;
}

/// What both sides know of `from`; the rest is zero. False when it is null or smaller than it ever
/// was.
template <typename T>
bool ReadSized(const T* from, T* to, std::size_t first_size = kFirstSize<T>) {
  *to = Sized<T>();
  if (from == nullptr || from->struct_size < first_size) return false;
  std::memcpy(to, from, std::min<std::size_t>(from->struct_size, sizeof(T)));
  to->struct_size = sizeof(T);
  return true;
}

/// Fills as much of a caller's struct as the caller knows.
template <typename T>
bool WriteSized(const T& from, T* to, std::size_t first_size = kFirstSize<T>) {
  if (to == nullptr || to->struct_size < first_size) return false;
  const std::uint32_t size = to->struct_size;
  std::memcpy(to, &from, std::min<std::size_t>(size, sizeof(T)));
  to->struct_size = size;
  return true;
}

}  // namespace jetfleet
