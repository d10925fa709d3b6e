#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace jetfleet {

/// The NAL units of a byte stream, without start codes and trailing zeros; false from `visit` ends
/// the walk.
void ForEachNal(const std::uint8_t* data, std::size_t size,
                const std::function<bool(const std::uint8_t* nal, std::size_t size)>& visit);

/// Without the emulation prevention bytes (7.4.1), at most `limit` bytes.
std::vector<std::uint8_t> UnescapeNal(const std::uint8_t* nal, std::size_t size, std::size_t limit);

}  // namespace jetfleet
