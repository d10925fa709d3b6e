#pragma once

#include <optional>
#include <string>

#include "core/memory/surface.h"

namespace jetfleet {

/// GStreamer's tag "image-orientation" as a turn; nothing for mirrored pictures and unknown words.
std::optional<Rotation> RotationOf(const std::string& orientation);

}  // namespace jetfleet
