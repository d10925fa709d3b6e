#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jetfleet {

/// "[1,3,416,416]"; a dynamic dimension is "?".
std::string ShapeText(const std::vector<std::int64_t>& shape);

}  // namespace jetfleet
