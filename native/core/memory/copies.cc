#include "core/memory/copies.h"

namespace jetfleet {

const char* LinkName(Link link) {
  constexpr std::array<const char*, kLinkCount> kNames = {"decoder-surface", "surface-input",
                                                          "output-decoder"};
  return kNames[static_cast<std::size_t>(link)];
}

}  // namespace jetfleet
