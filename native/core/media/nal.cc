#include "core/media/nal.h"

#include <algorithm>
#include <cstring>

namespace jetfleet {

void ForEachNal(const std::uint8_t* data, std::size_t size,
                const std::function<bool(const std::uint8_t* nal, std::size_t size)>& visit) {
  const auto next = [&](std::size_t from) {
    for (std::size_t one = from + 2; one < size; ++one) {
      const void* const found = std::memchr(data + one, 1, size - one);
      if (found == nullptr) break;
      one = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data);
      if (data[one - 1] == 0 && data[one - 2] == 0) return one - 2;
    }
    return size;
  };
  std::size_t code = next(0);
  while (code < size) {
    const std::size_t begin = code + 3;
    code = next(begin);
    std::size_t end = code;
    while (end > begin && data[end - 1] == 0) --end;
    if (end > begin && !visit(data + begin, end - begin)) return;
  }
}

std::vector<std::uint8_t> UnescapeNal(const std::uint8_t* nal, std::size_t size,
                                      std::size_t limit) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(std::min(size, limit));
  int zeros = 0;
  for (std::size_t i = 0; i < size && bytes.size() < limit; ++i) {
    if (zeros >= 2 && nal[i] == 3) {
      zeros = 0;
      continue;
    }
    bytes.push_back(nal[i]);
    zeros = nal[i] == 0 ? zeros + 1 : 0;
  }
  return bytes;
}

}  // namespace jetfleet
